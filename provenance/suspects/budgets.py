"""How much may still be asked of an endpoint that is paid by the token?

Nobody but the server knows how many tokens a text has until it has been paid for. So a request is sent only if its
upper bound fits beside what was spent and what is under way; once answered it counts as what the server says it was.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field

from provenance.errors import InputError, SuspectError

MILLION = 1_000_000


@dataclass(slots=True, kw_only=True)
class Budget:
    """Tokens allowed, spent, and promised to requests that are under way; safe between threads."""

    limit: int | None = None
    """None: no limit."""
    price: float | None = None
    """Of a million tokens, in any currency."""
    spent: int = 0
    promised: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def promise(self, bound: int) -> bool:
        """Set tokens aside for a request; False, and nothing set aside, if they do not fit now."""
        with self._lock:
            if self.limit is not None and self.spent + self.promised + bound > self.limit:
                return False
            self.promised += bound
            return True

    def settle(self, bound: int, *, used: int) -> None:
        """Turn what was set aside for a request into what it used."""
        with self._lock:
            self.promised -= bound
            self.spent += used

    def refused(self, done: str, *, bound: int) -> SuspectError:
        """Say that the budget is used up, and what was done with it."""
        return SuspectError(
            f"the budget of {self.limit:,} tokens is used up: {done}, {self.spent:,} tokens are spent{self._money()}, "
            f"and the next text may need {bound:,}",
            hint="a larger --max-tokens or --max-cost",
        )

    def _money(self) -> str:
        return "" if self.price is None else f" (cost {self.spent * self.price / MILLION:.4f})"


def limit(*, max_tokens: int | None, max_cost: float | None, price: float | None) -> int | None:
    """Give how many tokens may be spent, given how many at most, and how much money at most at a price a million.

    Raises
    ------
    InputError
        If money is limited and no price known.

    Examples
    --------
    >>> limit(max_tokens=5_000_000, max_cost=2.0, price=0.5)
    4000000
    """
    if max_cost is None:
        return max_tokens
    if not price:
        raise InputError("--max-cost without a price", expected="--price-per-million-tokens")
    affordable = math.floor(max_cost / price * MILLION)
    return affordable if max_tokens is None else min(max_tokens, affordable)

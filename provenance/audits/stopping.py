"""How many questions does a finding need? A walk that asks until its capital suffices, or nothing is left to ask.

Units are asked in an order that knows nothing of the claim, at most `LOOKS` times as many again. By Ville's inequality
the capital of a fair bet ever reaches 1/α with probability at most α, so the walk may stop at any look; a p-value by
permutation, computed after a stop that depends on the data, would be none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import scoring
from provenance.evidence import check_alpha
from provenance.records import Record, Window
from provenance.scoring import Scores

if TYPE_CHECKING:
    from provenance.stats.betting import Capital

LOOKS = 40
FIRST_LOOK = 32
"""Units asked before the first look: an order audit places no bets before."""
STEP = 1.1
"""How many times as many units a later look has at least."""
NOMINAL = (
    "The audit stopped asking when its capital sufficed, or when nothing was left: its p-value is valid at any stop; "
    "intervals, AUROC and the share of positives found are nominal, as if the number of rows had been fixed."
)

Ask = Callable[[Sequence[Record]], tuple[Scores, tuple[Scores, ...]]]
"""Asks the suspect and every reference about some records; answers stand in the order of the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """Where a walk stopped, and all that was answered by then."""

    scores: Scores
    references: tuple[Scores, ...]
    asked: int
    """Units asked: the first ones of the walk."""
    of: int
    """Units there were."""
    looks: int
    tokens_asked: int | None
    """Tokens that the suspect read; None where nobody knows, since a column holds only sums."""
    tokens_saved: int | None
    """Tokens that it would have read besides."""
    tokens_method: str
    replayed: bool = False
    """Whether more answers were at hand than were asked for, so that nothing was saved really."""

    def summary(self) -> dict[str, Any]:
        """Give what evidence says of the stop."""
        told: dict[str, Any] = {"asked": self.asked, "of": self.of, "looks": self.looks}
        if self.tokens_asked is not None:
            told |= {"tokens_asked": self.tokens_asked, "tokens_saved": self.tokens_saved}
        return {**told, "tokens_method": self.tokens_method, "replayed": self.replayed}

    def caveats(self) -> tuple[str, ...]:
        """Give what a reader has to know of numbers after a stop."""
        replay = f"More answers were at hand: {self.of - self.asked} of {self.of} units would not have been asked."
        return (NOMINAL, replay) if self.replayed else (NOMINAL,)


def looks(units: int) -> tuple[int, ...]:
    """Give after how many units the capital is looked at: at most `LOOKS` times, each a tenth later, last at all."""
    first = min(FIRST_LOOK, units)
    count = min(LOOKS, 1 + math.ceil(math.log(units / first) / math.log(STEP)))
    return (*np.unique(np.ceil(np.geomspace(first, units, count)[:-1] - 1e-9).astype(int)).tolist(), units)


def walk(
    blocks: Sequence[Sequence[Record]],
    ask: Ask,
    *,
    capital: Callable[[Scores, tuple[Scores, ...], int], Capital],
    alpha: float,
) -> Early:
    """Ask block after block until the capital reaches 1/α or every block was asked.

    Parameters
    ----------
    blocks
        Records of each unit, in an order that knows nothing of the claim: a unit is asked whole.
    ask
        Who is asked.
    capital
        What betting on the answers of the suspect, of the references, about the first so many units, has made. Its
        path must not depend on what comes later.
    alpha
        Level of the verdict.
    """
    check_alpha(alpha)
    if not blocks:
        raise ValueError("nothing to ask")
    low, number, parts = 0, 0, list[tuple[Scores, tuple[Scores, ...]]]()
    for high in looks(len(blocks)):
        parts.append(ask([record for block in blocks[low:high] for record in block]))
        low, number, parts = high, number + 1, [_joined(parts)]
        if capital(*parts[0], high).log10_max >= -math.log10(alpha):
            break
    scores, references = parts[0]
    tokens_asked, tokens_saved, method = _tokens(scores, blocks[:low], blocks[low:])
    return Early(
        scores=scores,
        references=references,
        asked=low,
        of=len(blocks),
        looks=number,
        tokens_asked=tokens_asked,
        tokens_saved=tokens_saved,
        tokens_method=method,
    )


def _joined(parts: Sequence[tuple[Scores, tuple[Scores, ...]]]) -> tuple[Scores, tuple[Scores, ...]]:
    """Put the answers of every model together."""
    scores, references = zip(*parts, strict=True)
    return scoring.joined(scores), tuple(scoring.joined(part) for part in zip(*references, strict=True))


def _tokens(
    scores: Scores, asked: Sequence[Sequence[Record]], left: Sequence[Sequence[Record]]
) -> tuple[int | None, int | None, str]:
    """Count the tokens that the suspect read, context included, and those that it did not have to read."""
    ids = [_ids(record, scores.window) for blocks in (asked, left) for block in blocks for record in block]
    split = sum(map(len, asked))
    if scores.rendering != "text" and None not in ids:
        known = [count or 0 for count in ids]
        return sum(known[:split]), sum(known[split:]), "recorded token ids up to the end of the window"
    if scores.rendering == "agreement":
        return None, None, "not counted: the answers are shares of draws"
    if scores.rendering == "sum":
        return None, None, "not counted: the answers are sums, and no token ids were recorded"
    read = sum(row.start + len(row.logprob) for row in scores.rows)
    guess = round(read / max(split, 1) * (len(ids) - split))
    return read, guess, "the suspect's own tokens; those not asked are estimated by the mean of those asked"


def _ids(record: Record, window: str | None) -> int | None:
    if record.tokens is None:
        return None
    part = Window.parse(window) if window else None
    return min(len(record.tokens), part.start + part.length) if part else len(record.tokens)

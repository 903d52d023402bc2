"""What did a server say of every token of a prompt?

Two dialects are read: OpenAI's ``echo`` with ``logprobs`` (vLLM, llama-cpp-python), and vLLM's ``prompt_logprobs``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from provenance.suspects import alignment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Dialect = Literal["echo", "prompt_logprobs"]
DIALECTS: tuple[Dialect, ...] = ("echo", "prompt_logprobs")
GENERATED = 1
"""Tokens that a request lets the model add: 0 means "until the context is full" to llama-cpp-python."""
SPECIAL = 4
"""Tokens that a server may add around a prompt: BOS, EOS, a leading space."""
LONGEST_FIRST = 64
"""Characters of a first token of which the server says nothing."""
SLACK = 1e-3
"""How far above 0 rounding may lift a log-probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Tokens as a server echoes them, those that it added included."""

    tokens: tuple[str, ...]
    logprobs: tuple[float | None, ...]
    best: tuple[float | None, ...]
    """Log-probability of the likeliest token at each place, where the server says it."""
    ids: tuple[int | None, ...] | None
    added: int
    """How many tokens at the end may be the model's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """The tokens of a text as the server has it."""

    ends: tuple[int, ...]
    """In characters of the text."""
    logprobs: tuple[float | None, ...]
    best: tuple[float | None, ...]
    ids: tuple[int | None, ...] | None
    """None where they are not said; likewise that of a first token of which nothing is said."""

    def is_of(self, ids: Sequence[int]) -> bool:
        """Whether these are as many tokens as were asked about, and the same where the server names them."""
        named = self.ids or (None,) * len(self.ends)
        return len(named) == len(ids) and all(own in {None, id_} for own, id_ in zip(named, ids, strict=True))


def body(prompt: str | Sequence[int], dialect: Dialect) -> dict[str, Any]:
    """Write a request for the log-probabilities of a prompt."""
    asked: dict[str, Any] = {
        "prompt": prompt if isinstance(prompt, str) else list(prompt),
        "max_tokens": GENERATED,
        "temperature": 0,
    }
    asked |= {"echo": True, "logprobs": 1} if dialect == "echo" else {"prompt_logprobs": 1}
    return asked


def bound(prompt: str | Sequence[int]) -> int:
    """Give how many tokens a request can cost at most: no token but those that are added is shorter than a byte."""
    return (len(prompt.encode()) if isinstance(prompt, str) else len(prompt)) + SPECIAL + GENERATED


def read(answer: Mapping[str, Any], dialect: Dialect) -> Echo | None:
    """Read an answer; None where it holds no log-probabilities of a prompt, or of more than one."""
    choices = answer.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        return None
    try:
        return _read_echo(choices[0], _generated(answer)) if dialect == "echo" else _read_prompt(choices[0])
    except (AttributeError, TypeError, ValueError, KeyError, IndexError):
        return None


def align(echo: Echo, text: str, *, lead: int) -> Aligned | None:
    """Lay echoed tokens over the text that was asked; None where they are not its tokens, or not all of them.

    Parameters
    ----------
    lead
        How many tokens are echoed before the text.
    """
    for added in range(echo.added, -1, -1):
        kept = slice(lead, len(echo.tokens) - added)
        ends = _ends(echo.tokens[kept], text, wild=echo.ids is not None and not lead)
        if ends is not None:
            ids = echo.ids[kept] if echo.ids else None
            return Aligned(ends=ends, logprobs=echo.logprobs[kept], best=echo.best[kept], ids=ids)
    return None


def _ends(tokens: Sequence[str], text: str, *, wild: bool) -> tuple[int, ...] | None:
    """Align tokens; `wild` when nothing is known of the first but that the others follow it."""
    if not wild:
        return alignment.ends(tokens, text)
    for length in range(1, min(LONGEST_FIRST, len(text)) + 1):
        rest = alignment.ends(tokens[1:], text[length:])
        if rest is not None:
            return (length, *(length + end for end in rest))
    return None


def _generated(answer: Mapping[str, Any]) -> int:
    """Say how many tokens the model may have added: none where it says so, having found that the text was at its end.

    A last token of which only half a character is left would else be taken for the model's own.
    """
    usage = answer.get("usage")
    return 0 if isinstance(usage, dict) and usage.get("completion_tokens") == 0 else GENERATED


def _read_echo(choice: Mapping[str, Any], added: int) -> Echo | None:
    said = choice["logprobs"]
    tokens, logprobs = tuple(said["tokens"]), tuple(map(_number, said["token_logprobs"]))
    if len(tokens) != len(logprobs) or not all(isinstance(token, str) for token in tokens):
        return None
    tops = said.get("top_logprobs") or [None] * len(tokens)
    best = tuple(max(map(float, top.values())) if isinstance(top, dict) and top else None for top in tops)
    return Echo(tokens=tokens, logprobs=logprobs, best=best, ids=None, added=added)


def _read_prompt(choice: Mapping[str, Any]) -> Echo:
    """Read a list with a table a token, the prompt's own token first in each; nothing is known of the first of all."""
    tokens, logprobs, best, ids = [""], list[float | None]([None]), list[float | None]([None]), list[int | None]([None])
    first, *later = choice["prompt_logprobs"]
    if first is not None:
        raise ValueError("a first token that something predicts")
    for table in later:
        name, own = next(iter(table.items()))
        tokens.append(str(own["decoded_token"]))
        logprobs.append(_number(own["logprob"]))
        best.append(max(float(other["logprob"]) for other in table.values()))
        ids.append(int(name))
    return Echo(tokens=tuple(tokens), logprobs=tuple(logprobs), best=tuple(best), ids=tuple(ids), added=0)


def _number(value: object) -> float | None:
    """Take a log-probability for what it is, and anything else for none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value > SLACK:
        return None
    return min(float(value), 0.0)

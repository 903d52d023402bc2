"""What will a scoring cost, in tokens, time and money, before the long part begins?"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance import questions, shards
from provenance.suspects import Counting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.questions import Questions
    from provenance.records import Record, Window
    from provenance.suspects import Suspect

COUNTED = 4_000_000
"""Tokens, roughly, that are counted exactly; of more the rest is reckoned by the same share."""
TRIED = 2_048
"""Tokens, roughly, that are asked to see how long it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the shards that are still to be done will take."""

    texts: int
    tokens: int
    exact: bool
    """Whether every token was counted by the suspect's own tokenizer."""
    seconds: float | None
    """Of one process, as the first batch went; None where none was tried."""

    def price(self, per_million_tokens: float) -> float:
        """Say what it costs where tokens have a price."""
        return self.tokens * per_million_tokens / 1e6


def estimate(asked: Questions, suspect: Suspect, todo: Sequence[int], *, tried: bool) -> Estimate:
    """Count what is to be asked and, if it is to be `tried`, ask a first batch and take the time.

    What the first batch is answered is thrown away: shards are made of whole shards alone. So a server, whose answers
    may be paid for, is not tried.
    """
    tokens, exact = _count(asked, suspect, todo)
    tried = tried and suspect.identity["kind"] != "openai"
    return Estimate(
        texts=sum(len(asked.shards[index]) for index in todo),
        tokens=tokens,
        exact=exact,
        seconds=tokens * _pace(asked, suspect, todo) if tried and todo else None,
    )


def _count(asked: Questions, suspect: Suspect, todo: Sequence[int]) -> tuple[int, bool]:
    rough = sum(asked.sizes[index] for index in todo)
    if not isinstance(suspect, Counting):
        return rough, asked.rendering == "tokens"
    counted = seen = 0
    for index in todo:
        counted += suspect.count(asked.shard(index), window=asked.window)
        seen += asked.sizes[index]
        if seen >= COUNTED:
            break
    return round(counted * rough / max(1, seen)), seen == rough


def _pace(asked: Questions, suspect: Suspect, todo: Sequence[int]) -> float:
    """Take the seconds a token of a first batch; the one text before it pays for what is only done once."""
    first, *batch = _first(asked.shard(todo[0]), asked.window)
    _seconds(asked, suspect, [first])
    batch = batch or [first]
    spent = _seconds(asked, suspect, batch)
    if isinstance(suspect, Counting):
        return spent / max(1, suspect.count(batch, window=asked.window))
    return spent / sum(questions.size(text, asked.window) for text in batch)


def _first(texts: Sequence[Record], window: Window | None) -> list[Record]:
    """Give the first texts, at least one, that together have as many tokens as are tried."""
    tokens = itertools.accumulate(questions.size(text, window) for text in texts)
    return list(texts[: 1 + next((row for row, sum_ in enumerate(tokens) if sum_ >= TRIED), len(texts))])


def _seconds(asked: Questions, suspect: Suspect, texts: Sequence[Record]) -> float:
    began = time.perf_counter()
    shards.score_shard(texts, suspect, window=asked.window, progress=lambda _done, _total: None)
    return time.perf_counter() - began

"""What will a scoring cost, in tokens, time and money, before the long part begins?"""

from __future__ import annotations

import itertools
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance import questions, shards
from provenance.suspects import SERVED, Awaited, Counting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.questions import Questions
    from provenance.records import Record, Window
    from provenance.suspects import Suspect

COUNTED = 4_000_000
"""Tokens, roughly, that are counted exactly; of more the rest is reckoned by the same share."""
TRIED, MOST_TRIED = 2_048, 6
"""Tokens, roughly, of a batch that is asked to see how long it takes, and how many of these at most."""
LONG_ENOUGH = 2.0
"""Seconds after which no more are tried, once there are two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the shards that are still to be done will take."""

    texts: int
    tokens: int
    exact: bool
    """Whether every token was counted by the suspect's own tokenizer."""
    seconds: float | None
    """Of one process, as the first batches went; None where none was tried."""
    least: bool = False
    """Whether it may well take longer: a server, which was opened with short requests, is not tried further."""

    def price(self, per_million_tokens: float) -> float:
        """Say what it costs where tokens have a price."""
        return self.tokens * per_million_tokens / 1e6


def estimate(asked: Questions, suspect: Suspect, todo: Sequence[int], *, tried: bool) -> Estimate:
    """Count what is to be asked and, if it is to be `tried`, ask a first batch and take the time.

    What the first batch is answered is thrown away: shards are made of whole shards alone. So a server, whose answers
    may be paid for, is not tried: it is reckoned by the requests with which it was opened.
    """
    tokens, exact = _count(asked, suspect, todo)
    texts = sum(len(asked.shards[index]) for index in todo)
    if suspect.identity["kind"] in SERVED:
        seconds = suspect.seconds(texts) if isinstance(suspect, Awaited) else None
    else:
        seconds = tokens * _pace(asked, suspect, todo) if tried and todo else None
    least = isinstance(suspect, Awaited)
    return Estimate(texts=texts, tokens=tokens, exact=exact, seconds=seconds, least=least)


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
    return round(counted * rough / max(1, seen)), seen == rough and asked.rendering != "agreement"


def _pace(asked: Questions, suspect: Suspect, todo: Sequence[int]) -> float:
    """Take the seconds a token of a few batches; the first, where there is another, pays for what is only done once."""
    paces, spent = list[float](), 0.0
    for batch in _batches(asked.shard(todo[0]), asked.window):
        began = time.perf_counter()
        list(shards.score_shard(batch, suspect, window=asked.window, progress=lambda _done, _total: None))
        seconds = time.perf_counter() - began
        paces.append(seconds / _tokens(batch, asked.window, suspect))
        spent += seconds
        if len(paces) > 1 and spent >= LONG_ENOUGH:
            break
    return statistics.median(paces[1:] or paces)


def _batches(texts: Sequence[Record], window: Window | None) -> Iterator[list[Record]]:
    sums = itertools.accumulate(questions.size(text, window) for text in texts)
    grouped = itertools.groupby(zip(texts, sums, strict=True), key=lambda pair: (pair[1] - 1) // TRIED)
    return ([text for text, _ in group] for _, group in itertools.islice(grouped, MOST_TRIED))


def _tokens(texts: Sequence[Record], window: Window | None, suspect: Suspect) -> int:
    if isinstance(suspect, Counting):
        return max(1, suspect.count(texts, window=window))
    return sum(questions.size(text, window) for text in texts)

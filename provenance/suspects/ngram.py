"""How likely is each token to a model that only counts n-grams?

A counting model never saw an order: it removes what is merely hard text from another suspect's scores. Token ids where
the counted records had them, UTF-8 bytes else; Witten–Bell interpolation down to the uniform distribution
(Witten and Bell, "The zero-frequency problem" (1991), method C).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from provenance import artifacts
from provenance.errors import InputError, SuspectError
from provenance.records import Score, Tokenizer, ends_from

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.records import Record, Window

NGRAM = artifacts.Kind(
    name="ngram",
    row="an n-gram",
    columns=pa.schema([("gram", pa.uint64()), ("count", pa.int64()), ("followers", pa.int64()), ("types", pa.int64())]),
)
BYTES = 256
DEFAULT_ORDER = {"token": 3, "byte": 6}
BATCH = 4096
"""Records scored at once."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class NgramModel:
    """Counts of every n-gram, looked up by a 64-bit hash."""

    grams: NDArray[np.uint64]
    """Sorted hashes of all n-grams, the empty one among them, shape ``(g,)``."""
    counts: NDArray[np.int64]
    """How often each stands in the counted text."""
    followers: NDArray[np.int64]
    """How often something follows it."""
    types: NDArray[np.int64]
    """How many different things follow it."""
    order: int
    vocabulary: int
    tokenizer: Tokenizer | None
    identity: Mapping[str, Any]

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`."""
        for low in range(0, len(records), BATCH):
            batch = [(record, *_units(record)) for record in records[low : low + BATCH]]
            edges = np.cumsum([len(units) for _, units, _, _ in batch])[:-1]
            logs = np.split(self._logprobs([units for _, units, _, _ in batch]), edges)
            for (record, units, skip, ends), part in zip(batch, logs, strict=True):
                start = max(skip, window.start if window else 0)
                stop = max(start, min(len(units), window.start + window.length) if window else len(units))
                yield Score(
                    id=record.id,
                    set=record.set,
                    variant=record.variant,
                    view=record.view,
                    start=start,
                    tokens=tuple(units[start:stop].tolist()),
                    ends=ends_from(ends, start - skip, stop - skip) if ends is not None else None,
                    logprob=part[start:stop].astype(np.float32),
                )
            progress(min(low + BATCH, len(records)), len(records))

    def _logprobs(self, sequences: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
        units, place = _joined(sequences)
        hashes = _hashes(units, order=self.order)
        probability = np.full(len(units), 1.0 / self.vocabulary)
        for k in range(1, self.order + 1):
            count = self._look_up(hashes[k], self.counts)
            context = _before(hashes[k - 1])
            followers, types = self._look_up(context, self.followers), self._look_up(context, self.types)
            mixed = (count + types * probability) / np.maximum(followers + types, 1)
            probability = np.where((place >= k - 1) & (followers > 0), mixed, probability)
        logs: NDArray[np.float64] = np.log(probability)
        return logs

    def _look_up(self, hashes: NDArray[np.uint64], column: NDArray[np.int64]) -> NDArray[np.int64]:
        at = np.minimum(np.searchsorted(self.grams, hashes), len(self.grams) - 1)
        return np.where(self.grams[at] == hashes, column[at], 0)


def count(
    records: Iterable[Record],
    *,
    out: str | os.PathLike[str],
    tokenizer: Tokenizer | None = None,
    order: int | None = None,
    inputs: Mapping[str, str],
) -> int:
    """Count the n-grams of records and write the model; returns the number of n-grams.

    Records that all have tokens are counted as tokens of `tokenizer`, others as UTF-8 bytes of their text.

    Raises
    ------
    InputError
        If there is nothing to count.
    """
    by_token = tokenizer is not None
    sequences = [_units(record)[0] for record in records]
    if not sum(map(len, sequences)):
        raise InputError("nothing to count: no record has text or tokens", path=inputs.get("path"))
    unit = "token" if by_token else "byte"
    size = order or DEFAULT_ORDER[unit]
    vocabulary = max(BYTES, 1 + max(int(units.max(initial=0)) for units in sequences))
    columns = _tabulate(sequences, order=size)
    settings = {
        "unit": unit,
        "order": size,
        "vocabulary": vocabulary,
        "tokenizer": {"name": tokenizer.name, "sha256": tokenizer.sha256} if tokenizer else None,
    }
    header = artifacts.Header(inputs=inputs, settings=settings)
    artifacts.write_columns(out, dict(zip(NGRAM.columns.names, columns, strict=True)), kind=NGRAM, header=header)
    return len(columns[0])


def load(path: str) -> NgramModel:
    """Open a model that `count` wrote."""
    table = artifacts.read(path, NGRAM)
    settings = table.header.settings
    grams, counts, followers, types = (table.rows.column(name).to_numpy() for name in NGRAM.columns.names)
    tokenizer = Tokenizer(**settings["tokenizer"]) if settings["tokenizer"] else None
    identity = {
        "suspect": f"ngram:{path}",
        "kind": "ngram",
        "weights": table.sha256,
        "tokenizer": tokenizer.sha256 if tokenizer else None,
        "backend": f"witten-bell(order={settings['order']}, unit={settings['unit']})",
    }
    return NgramModel(
        grams=grams,
        counts=counts,
        followers=followers,
        types=types,
        order=settings["order"],
        vocabulary=settings["vocabulary"],
        tokenizer=tokenizer,
        identity=identity,
    )


def _units(record: Record) -> tuple[NDArray[np.int64], int, tuple[int, ...] | None]:
    """Give the units of a record, how many of them are context, and the ends of the others in characters."""
    if record.tokens is not None:
        return np.array(record.tokens, dtype=np.int64), 0, None
    if record.text is None:
        raise SuspectError(f"record {record.id!r} has neither tokens of this model's tokenizer nor text")
    context = record.context.encode()
    units = np.frombuffer(context + record.text.encode(), dtype=np.uint8).astype(np.int64)
    ends = np.repeat(np.arange(1, len(record.text) + 1), [len(letter.encode()) for letter in record.text])
    return units, len(context), tuple(ends.tolist())


def _joined(sequences: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Put sequences one after the other, and say where in its own sequence each unit stands."""
    lengths = np.array([len(units) for units in sequences])
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.concatenate(sequences), place


def _before(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Give at each position the hash at the one before; k = 0 hashes nothing, so it is the same everywhere."""
    return np.concatenate((np.zeros(1, dtype=np.uint64), hashes[:-1]))


def _hashes(units: NDArray[np.int64], *, order: int) -> list[NDArray[np.uint64]]:
    """Hash, for each k from 0 to `order`, the k units that end at each position; earlier sequences leak in before k."""
    mixed = (units.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    hashes = [np.zeros(len(units), dtype=np.uint64)]
    for _ in range(order):
        before = _before(hashes[-1])
        hashes.append((before * MULTIPLIER + mixed) ^ (before >> np.uint64(31)))
    return hashes


def _tabulate(sequences: Sequence[NDArray[np.int64]], *, order: int) -> list[NDArray[Any]]:
    """Give every n-gram's hash, count, followers and types of followers, sorted by hash."""
    units, place = _joined(sequences)
    hashes = _hashes(units, order=order)
    whole = [place >= k - 1 for k in range(1, order + 1)]
    grams = np.concatenate([hashes[k][inside] for k, inside in enumerate(whole, start=1)])
    contexts = np.concatenate([_before(hashes[k])[inside] for k, inside in enumerate(whole)])
    gram, first, count_ = np.unique(grams, return_index=True, return_counts=True)
    context, inverse = np.unique(contexts[first], return_inverse=True)
    names = np.union1d(gram, context)
    table = np.zeros((3, len(names)), dtype=np.int64)
    table[0, np.searchsorted(names, gram)] = count_
    table[1, np.searchsorted(names, context)] = np.bincount(inverse, weights=count_)
    table[2, np.searchsorted(names, context)] = np.bincount(inverse)
    return [names, *table]

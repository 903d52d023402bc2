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
from provenance.errors import InputError
from provenance.records import Score, Tokenizer, ends_from
from provenance.suspects import tallies

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
CONTINUATION = 0x80
"""Upper two bits of a UTF-8 byte that does not begin a character."""
DEFAULT_ORDER = {"token": 3, "byte": 6}
BATCH, COUNTED = 1 << 18, 1 << 21
"""Units scored at once, and counted at once."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class NgramModel:
    """Counts of every n-gram, looked up by a 64-bit hash."""

    grams: NDArray[np.uint64]
    """Sorted hashes of all n-grams, the empty one among them, shape ``(g,)``."""
    counts: NDArray[Any]
    """How often each stands in the counted text, and a 0 at the end for all others, shape ``(g + 1,)``; likewise: """
    followers: NDArray[Any]
    """How often something follows it."""
    types: NDArray[Any]
    """How many different things follow it."""
    order: int
    vocabulary: int
    tokenizer: Tokenizer | None
    identity: Mapping[str, Any]

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`."""
        done = 0
        for batch in _batches(records, unit="token" if self.tokenizer else "byte", most=BATCH):
            edges = np.cumsum([len(sequence.units) for sequence in batch])[:-1]
            logs = np.split(self._logprobs([sequence.units for sequence in batch]), edges)
            for sequence, part in zip(batch, logs, strict=True):
                yield _score(sequence, part, window)
            done += len(batch)
            progress(done, len(records))

    def count(self, records: Sequence[Record], *, window: Window | None) -> int:  # noqa: ARG002 (it reads all)
        """See `provenance.suspects.Counting.count`."""
        unit = "token" if self.tokenizer else "byte"
        return sum(len(_read(record, unit=unit).units) for record in records)

    def _logprobs(self, sequences: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        units, place = _joined(sequences)
        hashes = _hashes(units, order=self.order)
        probability = np.full(len(units), 1.0 / self.vocabulary)
        rows = self._rows(hashes[0])
        for k in range(1, self.order + 1):
            context, rows = np.concatenate((rows[:1], rows[:-1])), self._rows(hashes[k])
            followers, types = self.followers[context], self.types[context]
            mixed = (self.counts[rows] + types * probability) / np.maximum(followers + types, 1)
            probability = np.where((place >= k - 1) & (followers > 0), mixed, probability)
        logs: NDArray[np.float32] = np.log(probability).astype(np.float32)
        return logs

    def _rows(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Find n-grams in the table; what was never counted is its last row, which is empty."""
        order = np.argsort(hashes)  # a walk through the table, not a jump for every n-gram: four times as fast
        asked = hashes[order]
        at = np.searchsorted(self.grams, asked)
        rows = np.empty(len(hashes), dtype=np.int64)
        rows[order] = np.where(self.grams[np.minimum(at, len(self.grams) - 1)] == asked, at, len(self.grams))
        return rows


def count(
    records: Iterable[Record],
    *,
    out: str | os.PathLike[str],
    tokenizer: Tokenizer | None = None,
    order: int | None = None,
    most: int = tallies.MOST,
    inputs: Mapping[str, str],
) -> int:
    """Count the n-grams of records and write the model; returns the number of n-grams.

    With a `tokenizer` the records' tokens are counted, which are its ids; without, the UTF-8 bytes of their text. Where
    there are more than `most` different n-grams, the rarest are dropped on the way (`provenance.suspects.tallies`).

    Raises
    ------
    InputError
        If there is nothing to count, or a record lacks what is to be counted.
    """
    unit = "token" if tokenizer else "byte"
    size, vocabulary = order or DEFAULT_ORDER[unit], 0
    tally = tallies.EMPTY
    for batch in _batches(records, unit=unit, most=COUNTED):
        sequences = [sequence.units for sequence in batch]
        vocabulary = max(vocabulary, 1 + max(int(units.max(initial=-1)) for units in sequences))
        tally = tallies.added(tally, _occurrences(sequences, order=size), most=most)
    if not len(tally.grams):
        raise InputError("nothing to count", expected="records with text or tokens")
    columns = tallies.table(tally)
    settings = {
        "unit": unit,
        "order": size,
        "vocabulary": max(BYTES, vocabulary),
        "tokenizer": {"name": tokenizer.name, "sha256": tokenizer.sha256} if tokenizer else None,
    }
    settings |= {"most": most, "dropped": tally.dropped} if tally.dropped else {}
    header = artifacts.Header(inputs=inputs, settings=settings)
    artifacts.write_columns(out, dict(zip(NGRAM.columns.names, columns, strict=True)), kind=NGRAM, header=header)
    return len(columns[0])


def load(path: str) -> NgramModel:
    """Open a model that `count` wrote."""
    table = artifacts.read(path, NGRAM)
    settings = table.header.settings
    grams, *tables = (table.rows.column(name).to_numpy() for name in NGRAM.columns.names)
    counts, followers, types = (np.append(_small(column), 0) for column in tables)
    tokenizer = Tokenizer(**settings["tokenizer"]) if settings["tokenizer"] else None
    identity = {
        "suspect": f"ngram:{path}",
        "kind": "ngram",
        "weights": table.sha256,
        "tokenizer": tokenizer.sha256 if tokenizer else None,
        "backend": f"witten-bell(order={settings['order']}, unit={settings['unit']}{_pruning(settings)})",
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


def _small(column: NDArray[np.int64]) -> NDArray[Any]:
    """Halve what counts take, where the sum of two of them is not beyond it."""
    return column.astype(np.int32) if column.max(initial=0) < 1 << 30 else column


def _pruning(settings: Mapping[str, Any]) -> str:
    return f", most={settings['most']}, dropped={settings['dropped']}" if settings.get("dropped") else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sequence:
    """A record as this model reads it."""

    record: Record
    units: NDArray[np.int64]
    skip: int
    """How many of the units are context."""
    ends: NDArray[np.int64] | None
    """Where each of the others ends, in characters."""


def _read(record: Record, *, unit: str) -> _Sequence:
    if unit == "token":
        if record.tokens is None:
            raise InputError(f"record {record.id!r} has no token ids", expected="a model that counted text")
        return _Sequence(record=record, units=np.array(record.tokens, dtype=np.int64), skip=0, ends=None)
    if record.text is None:
        raise InputError(f"record {record.id!r} has no text", expected="a model that counted its tokens")
    skip = len(record.context.encode())
    units = np.frombuffer((record.context + record.text).encode(), dtype=np.uint8).astype(np.int64)
    return _Sequence(record=record, units=units, skip=skip, ends=np.cumsum(units[skip:] & 0xC0 != CONTINUATION))


def _batches(records: Iterable[Record], *, unit: str, most: int) -> Iterator[list[_Sequence]]:
    batch, size = list[_Sequence](), 0
    for record in records:
        batch.append(_read(record, unit=unit))
        size += len(batch[-1].units)
        if size >= most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _score(sequence: _Sequence, logs: NDArray[np.float32], window: Window | None) -> Score:
    start = max(sequence.skip, window.start if window else 0)
    stop = max(start, min(len(logs), window.start + window.length) if window else len(logs))
    low, high = start - sequence.skip, stop - sequence.skip
    return Score(
        id=sequence.record.id,
        set=sequence.record.set,
        variant=sequence.record.variant,
        view=sequence.record.view,
        start=start,
        tokens=tuple(sequence.units[start:stop].tolist()),
        ends=None if sequence.ends is None else ends_from(sequence.ends.tolist(), low, high),
        logprob=logs[start:stop],
    )


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


def _occurrences(
    sequences: Sequence[NDArray[np.int64]], *, order: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Give the hash of every n-gram as often as it stands there, and that of what it follows."""
    units, place = _joined(sequences)
    hashes = _hashes(units, order=order)
    whole = [place >= k - 1 for k in range(1, order + 1)]
    grams = np.concatenate([hashes[k][inside] for k, inside in enumerate(whole, start=1)])
    return grams, np.concatenate([_before(hashes[k])[inside] for k, inside in enumerate(whole)])

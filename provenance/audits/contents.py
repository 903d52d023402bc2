"""What is known of a row's content without asking any model: how long, how common, how repetitive, how often?

A transcript passes by, some thousand rows at a time; of each row some numbers are kept.
"""

from __future__ import annotations

import hashlib
import itertools
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provenance import lookup, unheld
from provenance.records import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from provenance.transcripts.tables import Transcript

FEATURES = ("length", "unigram", "zlib")
LARGEST_TABLE = 1 << 24
"""Token id from which on counts stand in a table of those seen, not of all ids."""
TOKENS = pa.list_(pa.int32())


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is scored of some rows that stand together: token ids within the window, or the bytes of their text."""

    flat: NDArray[np.int32]
    lengths: NDArray[np.int64]
    with_ids: NDArray[np.bool_]

    def owners(self) -> NDArray[np.int64]:
        """Say of which row each number is."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def each(self) -> Iterator[NDArray[np.int32]]:
        """Give what is scored, row by row."""
        edges = [0, *np.cumsum(self.lengths).tolist()]
        return (self.flat[low:high] for low, high in itertools.pairwise(edges))


def parts(transcript: Transcript, window: str | None) -> Iterator[Part]:
    """Let what is scored of every row pass by."""
    part = Window.parse(window) if window else None
    for tokens, texts in unheld.together((transcript.tokens, TOKENS), (transcript.texts, pa.string())):
        inside = pc.list_slice(tokens, part.start, part.start + part.length) if part else tokens
        if not tokens.null_count:
            lengths = pc.list_value_length(inside).to_numpy().astype(np.int64)
            yield Part(flat=_numbers(inside), lengths=lengths, with_ids=np.ones(len(tokens), dtype=bool))
            continue
        each = [
            np.frombuffer((text or "").encode(), dtype=np.uint8).astype(np.int32)
            if ids is None
            else np.asarray(ids, dtype=np.int32)
            for ids, text in zip(inside.to_pylist(), texts.to_pylist(), strict=True)
        ]
        with_ids = tokens.is_valid().to_numpy(zero_copy_only=False)
        yield Part(flat=np.concatenate(each), lengths=np.array([len(one) for one in each]), with_ids=with_ids)


def picked(
    transcript: Transcript, window: str | None, rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int32], bool]]:
    """Give what is scored of some rows, in ascending order, and whether these are ids."""
    before = 0
    for part in parts(transcript, window):
        after = before + len(part.lengths)
        low, high = np.searchsorted(rows, [before, after])
        if low < high:
            each = list(part.each())
            yield from ((each[row - before], bool(part.with_ids[row - before])) for row in rows[low:high].tolist())
        before = after


def describe(
    transcript: Transcript, window: str | None, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Give log length, mean unigram surprisal and compressed bits a unit of some rows, and how often their content is.

    Returns
    -------
    Columns as in `FEATURES`, shape ``(len(rows), 3)``; the number of rows with the same content, shape
    ``(len(rows),)``; and whether all of these rows have ids, as far as is known. Frequencies and numbers are those of
    all rows of the transcript.
    """
    if transcript.facts is not None:
        return *transcript.facts.describe(window, rows), True
    known, wanted = _Frequencies(), np.zeros(len(transcript.ids), dtype=bool)
    wanted[rows] = True
    for part in parts(transcript, window):
        known.add(part.flat)
    lengths, surprisal, packed, digests, before = [], [], [], bytearray(), 0
    with_ids = True
    for part in parts(transcript, window):
        lengths.append(part.lengths)
        with_ids &= bool(part.with_ids[wanted[before : before + len(part.lengths)]].all())
        weights = -np.log(known.counts(part.flat) / max(known.total, 1))
        surprisal.append(np.bincount(part.owners(), weights=weights, minlength=len(part.lengths)))
        texts = [one.tobytes() for one in part.each()]
        for text in texts:
            digests += hashlib.blake2b(text, digest_size=lookup.BYTES).digest()
        asked = wanted[before : before + len(texts)].tolist()
        sizes = [len(zlib.compress(text)) if ask else 0 for text, ask in zip(texts, asked, strict=True)]
        packed.append(np.array(sizes, dtype=np.int64))
        before += len(texts)
    _, same, counts = np.unique(lookup.packed(digests), return_inverse=True, return_counts=True)
    length = np.maximum(np.concatenate(lengths)[rows], 1)
    columns = np.log(length), np.concatenate(surprisal)[rows] / length, 8 * np.concatenate(packed)[rows] / length
    return np.column_stack(columns), counts[same[rows]].astype(np.float64), with_ids


class _Frequencies:
    """How often each number was seen: in a table of all, and in one of those seen for what is beyond."""

    def __init__(self) -> None:
        self.total = 0
        self._table = np.zeros(0, dtype=np.int64)
        self._beyond, self._seen = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)

    def add(self, codes: NDArray[np.int32]) -> None:
        """Count some more."""
        self.total += len(codes)
        low = codes[codes < LARGEST_TABLE]
        found = np.bincount(low, minlength=len(self._table))
        found[: len(self._table)] += self._table
        self._table = found
        if len(low) < len(codes):
            values, counts = np.unique(codes[codes >= LARGEST_TABLE], return_counts=True)
            merged = np.union1d(self._beyond, values)
            seen = np.zeros(len(merged), dtype=np.int64)
            seen[np.searchsorted(merged, self._beyond)] = self._seen
            seen[np.searchsorted(merged, values)] += counts
            self._beyond, self._seen = merged, seen

    def counts(self, codes: NDArray[np.int32]) -> NDArray[np.int64]:
        """Say how often each of some numbers was seen in all."""
        inside = codes < LARGEST_TABLE
        counts = np.empty(len(codes), dtype=np.int64)
        counts[inside] = self._table[codes[inside]]
        counts[~inside] = self._seen[np.searchsorted(self._beyond, codes[~inside])]
        return counts


def _numbers(lists: Any) -> NDArray[np.int32]:
    numbers: NDArray[np.int32] = lists.flatten().to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return numbers

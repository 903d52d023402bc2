"""What is known of a row's content without asking any model: how long, how common, how repetitive, how often?"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from provenance.records import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.transcripts.tables import Transcript

FEATURES = ("length", "unigram", "zlib")
LARGEST_TABLE = 1 << 24
"""Largest token id up to which counts stand in a table of all ids."""


def scored(transcript: Transcript, window: str | None, *, rows: Sequence[int] | None = None) -> list[NDArray[np.int32]]:
    """Give what is scored of each row, or of some: token ids within the window, or the bytes of its text."""
    part = Window.parse(window) if window else None
    span = slice(part.start, part.start + part.length) if part else slice(None)
    asked = range(len(transcript.ids)) if rows is None else rows
    return [
        np.asarray(tokens[span], dtype=np.int32)
        if tokens is not None
        else np.frombuffer((text or "").encode(), dtype=np.uint8).astype(np.int32)
        for tokens, text in ((transcript.tokens[row], transcript.texts[row]) for row in asked)
    ]


def features(contents: Sequence[NDArray[np.int32]], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give log length, mean unigram surprisal and compressed bits a unit of some rows; frequencies are those of all.

    Returns
    -------
    Columns as in `FEATURES`, shape ``(len(rows), 3)``.
    """
    codes = np.concatenate(contents).astype(np.int64)
    if codes.max(initial=0) >= LARGEST_TABLE:
        codes = np.unique(codes, return_inverse=True)[1]
    counts = np.maximum(np.bincount(codes), 1)
    lengths = np.array([len(content) for content in contents])
    owner = np.repeat(np.arange(len(contents)), lengths)
    surprisal = np.bincount(owner, weights=-np.log(counts / max(len(codes), 1))[codes], minlength=len(contents))
    packed = np.array([len(zlib.compress(contents[row].tobytes())) for row in rows.tolist()])
    length = np.maximum(lengths[rows], 1)
    return np.column_stack([np.log(length), surprisal[rows] / length, 8 * packed / length])


def repeats(contents: Sequence[NDArray[np.int32]], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count, for some rows, how many of all rows have the same content, shape ``(len(rows),)``."""
    keys = [content.tobytes() for content in contents]
    counts = dict[bytes, int]()
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return np.array([counts[keys[row]] for row in rows.tolist()], dtype=np.float64)

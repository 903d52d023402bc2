"""In which units are a transcript and texts compared, token ids or words, and what are its rows made of?

Token ids are the better unit, and need the tokenizer that made them: texts are then read by it. Else both sides are cut
into words, exactly as they are spelt. One rule for all rows and all texts, and the evidence says which.
"""

from __future__ import annotations

import hashlib
import itertools
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from provenance import tokenizers
from provenance.audits.overlap import watchlist
from provenance.errors import InputError
from provenance.language import words
from provenance.transcripts import passing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from provenance.records import Tokenizer

KINDS = 1 << 16
"""Words fall into so many kinds where only their frequencies matter."""
FEATURES = ("length", "unigram")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How rows and texts become numbers that are equal where the units are."""

    rendering: Literal["tokens", "words"]
    texts: tuple[NDArray[np.int32], ...]
    """The texts under audit."""
    numbers: dict[str, int] | None
    """Number of each word of the texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some rows of a transcript."""

    batch: watchlist.Batch
    """In the units of the texts; −1 where no text has the unit."""
    kinds: NDArray[np.int32]
    """What each unit is for the count of frequencies, which no text changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is known of all rows without looking at a text."""

    lengths: NDArray[np.int64]
    duplicates: NDArray[np.int64]
    """How many rows have the same content, shape ``(rows,)``."""
    surprisal: NDArray[np.float64]
    """−log of the share of all units that are of this kind, shape ``(kinds,)``."""


def choose(path: Path, documents: Iterable[str], *, tokenizer: Tokenizer | None) -> Reading:
    """Decide for token ids where every row has them and their tokenizer is at hand, else for words.

    Raises
    ------
    InputError
        If neither can be: ids without their tokenizer and without text.
    MismatchError
        If another tokenizer lies where theirs should be.
    """
    with_ids = all(not part.without for part in passing.ids(path))
    encoder = tokenizers.recorded(tokenizer) if with_ids and tokenizer else None
    if encoder is not None:
        return Reading(rendering="tokens", texts=tuple(_encoded(encoder, documents)), numbers=None)
    if any(text is None for part in passing.texts(path) for text in part):
        raise _unreadable(path, tokenizer, with_ids=with_ids)
    numbers = dict[str, int]()
    found = [[numbers.setdefault(word.text, len(numbers)) for word in words.find(text)] for text in documents]
    return Reading(rendering="words", texts=tuple(np.array(one, dtype=np.int32) for one in found), numbers=numbers)


def rows(path: Path, reading: Reading) -> Iterator[Rows]:
    """Let the rows of a transcript pass in the units of the texts."""
    if reading.numbers is None:
        for part in passing.ids(path):
            yield Rows(batch=watchlist.Batch(tokens=part.tokens, edges=part.edges), kinds=np.maximum(part.tokens, 0))
        return
    number = reading.numbers.get
    for texts in passing.texts(path):
        found = [[word.text for word in words.find(text or "")] for text in texts]
        flat = [word for row in found for word in row]
        tokens = np.array([number(word, -1) for word in flat], dtype=np.int32)
        kinds = np.array([zlib.crc32(word.encode()) % KINDS for word in flat], dtype=np.int32)
        edges = np.cumsum([0, *map(len, found)], dtype=np.int64)
        yield Rows(batch=watchlist.Batch(tokens=tokens, edges=edges), kinds=kinds)


def some(path: Path, reading: Reading, wanted: Sequence[int]) -> list[NDArray[np.int32]]:
    """Give what the units of some rows are, in the order of the transcript."""
    found: list[NDArray[np.int32]] = []
    first, left = 0, set(wanted)
    for part in rows(path, reading):
        edges = part.batch.edges.tolist()
        found += [part.kinds[edges[at] : edges[at + 1]] for at in range(len(edges) - 1) if first + at in left]
        first += len(edges) - 1
    return found


def describe(passed: Iterable[Rows]) -> Content:
    """Look at every row once: how long, how often the same, and how frequent each kind of unit is."""
    counts = np.zeros(0, dtype=np.int64)
    lengths: list[NDArray[np.int64]] = []
    digests: list[NDArray[np.uint64]] = []
    for part in passed:
        more = np.bincount(part.kinds, minlength=len(counts))
        more[: len(counts)] += counts
        counts = more
        lengths.append(np.diff(part.batch.edges))
        digests.append(_digests(part))
    _, same, often = np.unique(np.concatenate(digests), return_inverse=True, return_counts=True)
    return Content(
        lengths=np.concatenate(lengths),
        duplicates=often[same],
        surprisal=-np.log(np.maximum(counts, 1) / max(int(counts.sum()), 1)),
    )


def mean_surprisal(part: Rows, content: Content) -> NDArray[np.float64]:
    """Mean surprisal of the units of each row, 0 for an empty one; equal rows have equal means, wherever they stand."""
    lengths = np.diff(part.batch.edges)
    # Not by differences of a running sum: their rounding depends on the place in the file, hence maybe on the order.
    owner = np.repeat(np.arange(len(lengths)), lengths)
    sums = np.bincount(owner, weights=content.surprisal[part.kinds], minlength=len(lengths))
    means: NDArray[np.float64] = sums / np.maximum(lengths, 1)
    return means


def features(content: Content, surprisal: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Give what may explain an overlap without any memory of a run: columns as in `FEATURES`."""
    return np.column_stack([np.log(np.maximum(content.lengths, 1)), np.concatenate(surprisal)])


def _digests(part: Rows) -> NDArray[np.uint64]:
    """Give eight bytes that tell the content of a row from that of others."""
    raw, edges = part.kinds.tobytes(), (part.batch.edges * part.kinds.itemsize).tolist()
    digests = [hashlib.blake2b(raw[low:high], digest_size=8).digest() for low, high in itertools.pairwise(edges)]
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def _encoded(encoder: Any, documents: Iterable[str]) -> Iterator[NDArray[np.int32]]:
    backend = encoder.backend_tokenizer
    backend.no_truncation()
    for text in documents:
        yield np.array(backend.encode(text, add_special_tokens=False).ids, dtype=np.int32)


def _unreadable(path: Path, tokenizer: Tokenizer | None, *, with_ids: bool) -> InputError:
    if not with_ids or tokenizer is None:
        return InputError(
            "rows without text, and not all have token ids of a named tokenizer",
            path=path,
            expected="tokens of a named tokenizer, or text",
            hint="provtool transcript import … --tokenizer NAME, or --join CORPUS",
        )
    return InputError(
        f"the tokenizer {tokenizer.name} is not at hand, and rows have no text",
        path=path,
        expected="the tokenizer that made the token ids, or text",
        hint="provtool transcript import … --tokenizer FOLDER, or --join CORPUS",
    )

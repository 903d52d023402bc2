"""Do examples that stand together in the run look alike? Whole documents that were shuffled as one do.

Rows that are claimed to have been shuffled singly, when in truth documents, books or files were, make an order audit
too ready to accuse: what a suspect thinks of a book it thinks of all its rows. That books hang together is seen in
their words, and in how hard references find them; the suspect is not asked, since what it kept of the order makes its
own scores alike from neighbour to neighbour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from provenance import unheld
from provenance.audits import contents, examples, gates, traces
from provenance.records import generator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from provenance.audits.traces import Trace
    from provenance.evidence import Gate
    from provenance.transcripts.tables import Transcript

    Words = Callable[[Sequence[int]], Sequence[NDArray[Any]]]

WORDS = "words"
"""Name of what texts alone show."""
WIDTH = 64
"""Numbers that stand for the words of a unit: enough to tell books apart, few enough for many units."""
LETTERS = 4
"""Bytes of a text that stand for a word, where there are no token ids."""
MOST, BLOCK = 20_000, 1_000
"""Of more units than `MOST`, blocks of so many neighbours are looked at, evenly spread over the run."""


def alike(transcript: Transcript, trace: Trace, *, words: Words, rng: np.random.Generator) -> tuple[Gate, ...]:
    """Look at the words of units as they stand in the run, within each stratum, and at what else is known of them.

    Parameters
    ----------
    words
        Gives the words of some rows of the transcript, as numbers: token ids, or anything that is equal where they are.
    """
    # A stream each: what is drawn for one must not hang on whether the other could be looked at.
    own, others = rng.spawn(2)
    return (_worded(transcript, trace, words, rng=own), known(trace, rng=others))


def _worded(transcript: Transcript, trace: Trace, words: Words, *, rng: np.random.Generator) -> Gate:
    if transcript.facts is not None:
        return transcript.facts.words
    groups = list(_groups(trace))
    names = list(unheld.taken(trace.units.names, np.concatenate(groups)))
    sketches = np.split(_sketch(transcript, names, words), np.cumsum([len(group) for group in groups])[:-1])
    return gates.neighbours(WORDS, sketches, rng=rng)


def scored(transcript: Transcript, *, window: str | None) -> Words:
    """Take what is scored of rows for their words: token ids, or runs of letters."""

    def words(rows: Sequence[int]) -> list[NDArray[Any]]:
        found = contents.picked(transcript, window, np.asarray(rows, dtype=np.int64))
        return [one if with_ids else _grams(one) for one, with_ids in found]

    return words


def known(trace: Trace, *, rng: np.random.Generator) -> Gate:
    """Look at references and contents of units as they stand in the run, within each stratum."""
    own = trace.units.features[:, : len(contents.FEATURES)]
    facts = _scaled(np.column_stack([trace.units.references, own]))
    return gates.neighbours("difficulty", [facts[group] for group in _groups(trace)], rng=rng)


def _groups(trace: Trace) -> Iterator[NDArray[np.int64]]:
    """Give the units of each stratum in the order of the run, or some blocks of them; ties as they are walked."""
    last = traces.last_seen(trace.units.positions)
    ordered = np.lexsort((last, trace.units.strata))
    strata = np.split(ordered, np.flatnonzero(np.diff(trace.units.strata[ordered])) + 1)
    if len(last) <= MOST:
        yield from strata
        return
    blocks = [members[first : first + BLOCK] for members in strata for first in range(0, len(members), BLOCK)]
    count = max(1, len(blocks) * MOST // len(last))
    for at in np.linspace(0, len(blocks) - 1, count).astype(int).tolist():
        yield blocks[at]


def _sketch(transcript: Transcript, names: Sequence[str], words: Words) -> NDArray[np.float64]:
    """Sketch the words of each unit: counts by rarity, projected at random to `WIDTH` numbers, of length 1."""
    place = {name: at for at, name in enumerate(names)}
    labels = (place.get(label, -1) for part in examples.labels(transcript) for label in part)
    owners = np.fromiter(labels, dtype=np.int64, count=len(transcript.ids))
    rows = np.flatnonzero(owners >= 0)
    found = words(rows.tolist())
    values, codes = np.unique(np.concatenate(found), return_inverse=True)
    unit = np.repeat(owners[rows], [len(one) for one in found])
    counts = sparse.coo_matrix((np.ones(len(codes)), (unit, codes)), shape=(len(names), len(values))).tocsr()
    counts.data = np.log1p(counts.data)
    rarity = np.log(len(names) / np.maximum(np.bincount(counts.indices, minlength=len(values)), 1))
    # The projection must not depend on the order, nor on its redraws.
    signs = generator(0, "words").choice([-1.0, 1.0], size=(len(values), WIDTH))
    sketch: NDArray[np.float64] = counts @ (rarity[:, None] * signs)
    length = np.linalg.norm(sketch, axis=1, keepdims=True)
    return sketch / np.where(length > 0, length, 1.0)


def _grams(text: NDArray[np.int32]) -> NDArray[np.int64]:
    """Give every run of `LETTERS` bytes as one number."""
    if len(text) < LETTERS:
        return np.empty(0, dtype=np.int64)
    runs = np.lib.stride_tricks.sliding_window_view(text.astype(np.int64), LETTERS)
    numbered: NDArray[np.int64] = runs @ (256 ** np.arange(LETTERS))
    return numbered


def _scaled(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = columns.std(axis=0)
    scaled: NDArray[np.float64] = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled

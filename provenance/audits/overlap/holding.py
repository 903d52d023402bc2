"""What do the examples of a transcript hold of some texts, before anybody looks at their positions?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.audits import examples
from provenance.audits.examples import Units
from provenance.audits.overlap import readings, watchlist
from provenance.errors import InputError
from provenance.stats import rank
from provenance.transcripts import tables

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from provenance.transcripts.tables import Transcript

MAX_NGRAM = 8
MAX_DF = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What counts as overlap."""

    max_ngram: int = MAX_NGRAM
    """Length of the longest n-gram that is looked for."""
    max_df: int = MAX_DF
    """An n-gram that more examples hold does not count."""
    weight: watchlist.Weight = "relative"
    """What an n-gram counts, as in `watchlist.overlap`."""

    def __post_init__(self) -> None:
        if self.max_ngram < 1 or self.max_df < 1:
            raise ValueError(f"{self}: both are at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What examples hold of texts, and what they are without any text."""

    transcript: Transcript
    """Without the content of its rows."""
    reading: readings.Reading
    overlap: watchlist.Overlap
    features: NDArray[np.float64]
    """Columns as in `readings.FEATURES`, shape ``(rows, 2)``."""
    duplicates: NDArray[np.int64]
    counting: Counting


def scan(
    path: str | os.PathLike[str],
    texts: Sequence[str],
    *,
    counting: Counting,
    progress: Callable[[int, int | None], None],
) -> Held:
    """Let a transcript pass by the n-grams of some texts.

    Raises
    ------
    InputError, MismatchError
        If rows have neither text nor ids of a tokenizer at hand, or the texts have no unit.
    """
    transcript = tables.outline(path)
    reading = readings.choose(transcript.path, texts, tokenizer=transcript.tokenizer)
    if not any(map(len, reading.texts)):
        raise InputError(f"the texts have no {reading.rendering}", expected="at least one")
    listed = watchlist.build(reading.texts, max_ngram=counting.max_ngram)
    content = readings.describe(readings.rows(transcript.path, reading))
    surprisal: list[NDArray[np.float64]] = []

    def passing() -> Iterator[watchlist.Batch]:
        done = 0
        for part in readings.rows(transcript.path, reading):
            surprisal.append(readings.mean_surprisal(part, content))
            yield part.batch
            done += len(surprisal[-1])
            progress(done, len(transcript.ids))

    found = watchlist.scan(listed, passing(), limit=counting.max_df)
    return Held(
        transcript=transcript,
        reading=reading,
        overlap=watchlist.overlap(listed, found, weight=counting.weight),
        features=readings.features(content, surprisal),
        duplicates=content.duplicates,
        counting=counting,
    )


def chi(held: Held) -> NDArray[np.float64]:
    """Give χ of every row, rounded: sums of the same weights in another order are the same number."""
    return held.overlap.chi.round(9)


def units(held: Held, *, seed: int) -> Units:
    """Give what was shuffled as one, in walking order, with the normal score of its mean χ in place of a model's.

    Normal scores, because χ is mostly 0 and now and then large, and a few rows would make the whole regression.
    """
    layout = examples.lay_out(held.transcript, seed=seed)
    table = np.column_stack([chi(held), held.features, held.duplicates])[layout.rows]
    of, sizes = layout.unit_of_rows(), np.diff(layout.edges)
    means = np.column_stack([np.bincount(of, weights=column) for column in table.T]) / sizes[:, None]
    return Units(
        names=layout.names,
        positions=layout.positions,
        scores=rank.normal_scores(means[:, 0]),
        references=np.empty((len(sizes), 0)),
        features=means[:, 1:-1],
        duplicates=means[:, -1],
        strata=layout.strata,
        dropped=0,
        rest_positions=(),
        rest_strata=np.empty(0, dtype=np.int64),
    )

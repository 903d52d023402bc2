"""Can members be told from non-members without asking any model?

If they can, they differ by more than what a suspect has seen, and a difference in its scores proves nothing. Three
classifiers try: the words of a text, its character n-grams, and its form (length, compressibility, marks). They are
cross-validated by cluster, so that none is praised for knowing a book by another of its chunks.

That sets leak their side this way was shown by Duan et al. (arXiv 2402.07841) and Das et al. (arXiv 2406.16201).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import RidgeClassifier
from sklearn.preprocessing import StandardScaler

from provenance.audits.membership import weighing
from provenance.stats import clusters as clustered
from provenance.stats import rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.audits.membership.pools import Pool
    from provenance.stats.roc import Area

MOST_TEXTS, MOST_CHARACTERS = 4_000, 1_000
"""What is looked at: fewer texts only widen the interval that a suspect has to exceed."""
FOLDS = 5
YEAR = re.compile(r"(?<![\d.,])(?:1[5-9]|20)\d\d(?![\d,])")
MARKS = "0123456789\n\t.,;:!?\"'()[]{}<>/\\-–—_*#=&%$@|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """How well one classifier tells the sides apart, out of sample."""

    name: str
    area: Area


def guess(pool: Pool, *, rng: np.random.Generator) -> tuple[Guess, ...]:
    """Let every classifier try; each guesses texts of clusters that it has not learned from.

    Parameters
    ----------
    rng
        For the bootstrap of clusters; the classifiers draw nothing.
    """
    seen = _bounded(pool)
    texts = [text[:MOST_CHARACTERS] for text in seen.texts]
    folds = _folds(seen)
    return tuple(
        Guess(
            name=f"blind-{name}",
            area=clustered.auroc(_out_of_fold(table, seen.sides, folds), seen.sides, seen.clusters, rng=rng),
        )
        for name, table in (
            ("words", _counted(texts, analyzer="word", n_features=1 << 18)),
            ("characters", _counted(texts, analyzer="char_wb", ngram_range=(2, 4), n_features=1 << 16)),
            ("form", _form(seen.texts)),
        )
    )


def _bounded(pool: Pool) -> Pool:
    """Keep as many texts of each side as fit: the first of every cluster, then the second, clusters by hash."""
    kept = np.zeros(len(pool.ids), dtype=bool)
    for side in (pool.sides, ~pool.sides):
        rows = np.flatnonzero(side)
        rows = rows[np.argsort(pool.clusters[rows], kind="stable")]
        _, first, counts = np.unique(pool.clusters[rows], return_index=True, return_counts=True)
        turn = np.arange(len(rows)) - np.repeat(first, counts)
        kept[rows[np.argsort(turn, kind="stable")[: MOST_TEXTS // 2]]] = True
    return pool.keep(kept)


def _folds(pool: Pool) -> NDArray[np.int64]:
    """Deal the clusters of each side out by size, so that folds are alike and every one has both sides."""
    folds = np.zeros(len(pool.ids), dtype=np.int64)
    for side in (pool.sides, ~pool.sides):
        groups = np.unique(pool.clusters[side], return_inverse=True)[1].ravel()
        place = np.argsort(np.argsort(np.bincount(groups), kind="stable"))
        folds[side] = (place % min(FOLDS, len(place)))[groups]
    return folds


def _counted(texts: Sequence[str], **settings: Any) -> Any:
    """Weigh n-grams by rarity; those that no text has take no room."""
    counts = HashingVectorizer(alternate_sign=False, norm=None, **settings).fit_transform(texts)
    used = counts.getnnz(axis=0) > 0
    used[0] = True  # texts of marks alone have no words, and a table still has a column
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, np.flatnonzero(used)])


def _form(texts: Sequence[str]) -> NDArray[np.float64]:
    """Describe what a text looks like and the years it speaks of, in either direction from the usual."""
    marks = [[text.count(mark) / max(len(text), 1) for mark in MARKS] for text in texts]
    upper = [sum(map(str.isupper, text)) / max(len(text), 1) for text in texts]
    columns: list[Any] = [weighing.features(texts), _years(texts), marks, upper]
    plain = StandardScaler().fit_transform(np.column_stack(columns))
    return np.column_stack([plain, np.abs(plain[:, : len(weighing.FEATURES)])])


def _years(texts: Sequence[str]) -> NDArray[np.float64]:
    """Give the latest and the earliest year that each text names, the mean of the rest where it names none."""
    named = [[float(year) for year in YEAR.findall(text)] for text in texts]
    ends = np.array([(max(years), min(years)) if years else (np.nan, np.nan) for years in named])
    return np.where(np.isnan(ends), np.mean([end for years in named for end in years] or [0.0]), ends)


def _out_of_fold(table: Any, sides: NDArray[np.bool_], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give normal scores within each fold: what two classifiers say is on two scales."""
    values = np.zeros(len(sides))
    for fold in np.unique(folds):
        asked = folds == fold
        model = RidgeClassifier(solver="lsqr").fit(table[~asked], sides[~asked])
        values[asked] = rank.normal_scores(model.decision_function(table[asked]))
    return values

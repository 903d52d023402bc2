"""Which number does each published membership attack make of a text's scores?

In all of them larger means member, as their papers have it, and none is ever turned round. One pass over the texts
serves all but three (`views`). What a suspect's answers cannot give is `NotMeasured`, and why.
"""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.audits.membership import tagging, views
from provenance.audits.membership.replies import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from provenance.audits.membership.replies import Replies
    from provenance.records import Score

    Values = NDArray[np.float64] | str
    Attack = Callable[[Replies], Values]

SMALLEST_SD = 1e-3
"""Nats below which a next-token distribution counts as certain."""
MOST_CALIBRATED = 0.01
"""Bound on one token's calibrated cross-entropy in DC-PDD, its authors' choice."""
MOST_MISSING = 0.5
DEFAULT_K = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One signal of every text."""

    name: str
    source: str
    values: NDArray[np.float64]
    """Shape ``(n,)``, finite: a text that a signal cannot tell about has the median of the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A signal that the answers cannot give."""

    name: str
    source: str
    reason: str


def measure(replies: Replies, *, min_k: Sequence[int] = (DEFAULT_K,)) -> tuple[Measured | NotMeasured, ...]:
    """Compute every signal, or say why not.

    Parameters
    ----------
    min_k
        Percentages of least likely tokens for Min-K% and Min-K%++.
    """
    return tuple(_named(name, source, attack(replies)) for name, source, attack in _attacks(min_k))


def mean_logprob(replies: Replies) -> NDArray[np.float64]:
    """Mean log-probability a token; a character where only sums are known: the logarithm of perplexity, negated.

    Yeom et al., "Privacy Risk in Machine Learning" (arXiv 1709.01604).
    """
    return _means(replies, replies.rows)


def zlib_ratio(replies: Replies) -> NDArray[np.float64]:
    """Log-probability of the text per bit that zlib needs for it: a text that is likelier than it is simple.

    Carlini et al., "Extracting Training Data from Large Language Models" (arXiv 2012.07805).
    """
    bits = np.array([8 * len(zlib.compress(text.encode())) for text in replies.pool.texts])
    ratio: NDArray[np.float64] = np.array([_total(row) for row in replies.rows]) / bits
    return ratio


def lower_case(replies: Replies) -> Values:
    """Log-perplexity in lower case over log-perplexity as written: only what was seen depends on its capitals.

    Carlini et al. (arXiv 2012.07805).
    """
    return _ratio(replies, views.LOWER, name="lower-case")


def min_k(replies: Replies, *, percent: int) -> Values:
    """Mean log-probability of the least likely tokens: a text that was seen has few outliers.

    Shi et al., "Detecting Pretraining Data from Large Language Models" (arXiv 2310.16789).
    """
    if replies.sums:
        return "the suspect gave one sum a text, not a number a token"
    return np.array([_lowest(row.logprob.astype(np.float64), percent) for row in replies.rows])


def min_k_plus(replies: Replies, *, percent: int) -> Values:
    """Min-K% of log-probabilities standardised by the model's own next-token distribution.

    Zhang et al., "Min-K%++" (arXiv 2404.02936).
    """
    if any(row.mean is None or row.sd is None for row in replies.rows):
        return "the suspect does not give mean and spread of its next-token distribution"
    return np.array([_lowest(_standardised(row), percent) for row in replies.rows])


def reference_difference(replies: Replies) -> Values:
    """Log-probability a character beyond what models say that did not see the text.

    Carlini et al. (arXiv 2012.07805), there with a smaller model; mean over the references.
    """
    if not replies.references:
        return "no reference was given"
    known = [_per_character(replies, rows) for rows in (replies.rows, *replies.references)]
    beyond: NDArray[np.float64] = known[0] - np.mean(known[1:], axis=0)
    return beyond


def recall(replies: Replies) -> Values:
    """Log-probability after a prefix of non-members over that without: a text that was seen loses by the prefix.

    Xie et al., "ReCaLL: Membership Inference via Relative Conditional Log-Likelihoods" (arXiv 2406.15968).
    """
    return _ratio(replies, PREFIX, name="recall")


def dc_pdd(replies: Replies) -> Values:
    """Divergence of the model's probabilities from mere token frequency, at each token's first occurrence.

    Zhang et al., "Pretraining Data Detection for Large Language Models: A Divergence-based Calibration Method"
    (arXiv 2409.14781). The frequencies are those of all texts of the audit together, which know no sides.
    """
    if replies.sums or any(row.tokens is None for row in replies.rows):
        return "the suspect does not give token ids"
    tokens = [np.asarray(row.tokens, dtype=np.int64) for row in replies.rows]
    known, inverse = np.unique(np.concatenate(tokens), return_inverse=True)
    counts = np.bincount(inverse.ravel())
    rarity = -np.log((counts + 1) / (counts.sum() + len(known)))
    return np.array(
        [_calibrated(row, rarity[np.searchsorted(known, ids)], ids) for row, ids in _paired(replies, tokens)]
    )


def tag_and_tab(replies: Replies) -> Values:
    """Mean log-probability of the most surprising words of each sentence, and of names.

    Antebi et al., "Tag&Tab: Pretraining Data Detection in Large Language Models Using Keyword-Based Membership
    Inference Attack" (arXiv 2501.08454); names are words capitalised inside a sentence, where the paper asks a tagger.
    """
    if replies.sums or any(row.ends is None for row in replies.rows):
        return "the suspect does not say which characters a token is"
    if replies.window is not None:
        return "under a window it is not known which words were scored"
    return np.array([tagging.tab(row, text) for row, text in zip(replies.rows, replies.pool.texts, strict=True)])


def neighbourhood(replies: Replies) -> Values:
    """Log-probability beyond that of neighbours with some words replaced.

    Mattern et al., "Membership Inference Attacks against Language Models via Neighbourhood Comparison"
    (arXiv 2305.18462); the words are of like frequency, where the paper asks a masked language model.
    """
    near = [rows for view, rows in replies.views.items() if view.startswith("neighbour:")]
    if not near:
        return _needs("neighbourhood")
    others: NDArray[np.float64] = np.mean([_means(replies, rows) for rows in near], axis=0)
    return _means(replies, replies.rows) - others


def _attacks(ks: Sequence[int]) -> Iterator[tuple[str, str, Attack]]:
    yield "mean-logprob", "arXiv 1709.01604", mean_logprob
    yield "zlib", "arXiv 2012.07805", zlib_ratio
    for k in dict.fromkeys(ks):
        yield f"min-k-{k}", "arXiv 2310.16789", functools.partial(min_k, percent=k)
        yield f"min-k++-{k}", "arXiv 2404.02936", functools.partial(min_k_plus, percent=k)
    yield "reference-difference", "arXiv 2012.07805", reference_difference
    yield "dc-pdd", "arXiv 2409.14781", dc_pdd
    yield "tag-and-tab", "arXiv 2501.08454", tag_and_tab
    yield "lower-case", "arXiv 2012.07805", lower_case
    yield "recall", "arXiv 2406.15968", recall
    yield "neighbourhood", "arXiv 2305.18462", neighbourhood


def _named(name: str, source: str, found: Values) -> Measured | NotMeasured:
    if isinstance(found, str):
        return NotMeasured(name=name, source=source, reason=found)
    told = np.isfinite(found)
    if np.mean(told) < MOST_MISSING:
        return NotMeasured(name=name, source=source, reason=f"only {np.count_nonzero(told)} texts have what it needs")
    return Measured(name=name, source=source, values=np.where(told, found, np.median(found[told])))


def _needs(name: str) -> str:
    return f"it needs a pass of its own, which was not asked for (--signal {name})"


def _ratio(replies: Replies, view: str, *, name: str) -> Values:
    if view not in replies.views:
        return _needs(name)
    plain = _means(replies, replies.rows)
    # Nothing is left to compare of a text that is certain.
    ratio: NDArray[np.float64] = np.full(len(plain), np.nan)
    np.divide(_means(replies, replies.views[view]), plain, out=ratio, where=plain < 0)
    return ratio


def _means(replies: Replies, rows: Sequence[Score]) -> NDArray[np.float64]:
    if replies.sums:
        return _per_character(replies, rows)
    return np.array([_total(row) / len(row.logprob) if len(row.logprob) else np.nan for row in rows])


def _per_character(replies: Replies, rows: Sequence[Score]) -> NDArray[np.float64]:
    """Divide by the characters that were scored; under a window a mere sum is over as many tokens everywhere."""
    whole = [1 if replies.window else max(len(text), 1) for text in replies.pool.texts]
    lengths = [row.ends[-1] if row.ends else length for row, length in zip(rows, whole, strict=True)]
    return np.array([_total(row) / max(length, 1) for row, length in zip(rows, lengths, strict=True)])


def _total(row: Score) -> float:
    return float(row.logprob.astype(np.float64).sum())


def _lowest(values: NDArray[np.float64], percent: int) -> float:
    count = max(1, len(values) * percent // 100)
    return float(np.partition(values, count - 1)[:count].mean())


def _standardised(row: Score) -> NDArray[np.float64]:
    mean, sd = (np.asarray(part, dtype=np.float64) for part in (row.mean, row.sd))
    return (row.logprob - mean) / np.maximum(sd, SMALLEST_SD)


def _paired(replies: Replies, tokens: Sequence[NDArray[np.int64]]) -> Iterator[tuple[Score, NDArray[np.int64]]]:
    return zip(replies.rows, tokens, strict=True)


def _calibrated(row: Score, rarity: NDArray[np.float64], tokens: NDArray[np.int64]) -> float:
    first = np.unique(tokens, return_index=True)[1]
    values = np.exp(row.logprob[first].astype(np.float64)) * rarity[first]
    return float(np.minimum(values, MOST_CALIBRATED).mean())

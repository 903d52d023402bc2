"""Was the text written by a descendant of the run whose order this transcript records?

Null: given the examples and the text, positions are exchangeable over the units that were shuffled: the text is
independent of the order. It holds by design when the recorded order was a random shuffle, for any text by anyone who
never met the order, even one full of the training data. More overlap with late examples speaks for the claim.

χ of an example is the weight of the text's n-grams, of two tokens or more, that are found in it, each distinct one
once an example, weighted by how much more often the text has it than the run: the times it stands in the text over one
more than the number of examples that hold it.

After "Blackbox Model Provenance via Palimpsestic Membership Inference" (arXiv 2510.19796), which weighs the longest
n-gram at each position of the text; so does `Counting(weight="longest")`. No model is asked.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import corpora, storage
from provenance.audits import gates, neighbours, residuals, traces
from provenance.audits.overlap import holding, readings
from provenance.audits.overlap.holding import Counting
from provenance.evidence import DEFAULT_ALPHA, OWNER_CAVEAT, Commitment, Evidence, Gate, Statistic, check_alpha
from provenance.records import Document, generator
from provenance.stats import recency

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from provenance.audits.overlap.holding import Held
    from provenance.audits.traces import Trace
    from provenance.corpora import Corpus

DEFAULT_RESAMPLES = 9_999
CLAIM = "The text was written by a descendant of the run that consumed its training data in this recorded order."
NULL = (
    "Given the training examples and the text, the examples' positions are exchangeable over the units that were "
    "shuffled: the text is independent of this order, even if its writer knew the same examples."
)
NOT_THE_WRITER = (
    "The finding speaks of this order, not of one model: texts of sibling models trained in the same order, or of "
    "anyone who streamed the same pre-shuffled files, share it."
)
OVERLAPS = {
    "relative": "n-grams of the texts ({low} ≤ n ≤ {n}, {units}) that a row holds, each once a row, weight times in "
    "the texts/(1 + document frequency), document frequency up to {df}",
    "longest": "at each position of the texts the longest n-gram (n ≤ {n}, {units}) that a row holds, each once a row, "
    "weight 1/document frequency up to {df}",
}
CLAIMED = "That the order was a random shuffle is the owner's claim; no shuffle was recorded."


def audit(
    transcript: str | os.PathLike[str],
    texts: Corpus | Sequence[Document],
    *,
    name: str = "texts",
    counting: Counting | None = None,
    alpha: float = DEFAULT_ALPHA,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
    commitments: Sequence[Commitment] = (),
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Evidence:
    """Audit texts against one recorded order.

    Parameters
    ----------
    transcript
        Path of a transcript with token ids or texts. Its rows pass by; memory is in the texts' size.
    texts
        A corpus, or documents, taken together: one finding of all of them.
    name
        What the texts are called in the evidence.
    counting
        What counts as overlap.
    alpha, resamples, seed
        As in `provenance.audits.order.audit`.
    commitments
        To the transcript, by `provenance.commitments`; without a witnessed one a caveat says so.
    progress
        Called with (rows scanned, rows).

    Returns
    -------
    Evidence decided by the permutation p-value; e-value, asymptotic tail, ρ and AUROC stand beside it.

    Raises
    ------
    InputError, MismatchError
        If rows have neither text nor ids of a tokenizer at hand, positions are all equal, or the texts have no unit.
    """
    check_alpha(alpha)
    read, digest = _texts(texts)
    held = holding.scan(transcript, read, counting=counting or Counting(), progress=progress)
    rng = generator(seed, held.transcript.sha256, digest)
    trace = traces.compute(held.transcript, holding.units(held, seed=seed), resamples=resamples, rng=rng)
    area, rates, missing = traces.separation(trace)
    return Evidence(
        audit="overlap",
        claim=CLAIM,
        null=NULL,
        **traces.decided(trace, alpha=alpha, gates=_gates(held, trace, alpha=alpha, rng=rng)),
        n=len(trace.residual),
        pvalue_method=_method(held, trace),
        asymptotic=traces.asymptotic(trace),
        statistic=Statistic(name=f"recency-max:{recency.NAMES[trace.member]}", value=trace.statistic),
        effect=traces.correlation(trace),
        auroc=area,
        tpr_at_fpr=rates,
        caveats=(*_caveats(held, trace, commitments), *missing),
        commitments=tuple(commitments),
        inputs={"transcript": held.transcript.sha256, "texts": digest},
        suspect=_suspect(held, name=name),
        references=(),
        seed=seed,
        plots=traces.drawn(trace),
    )


def _texts(texts: Corpus | Sequence[Document]) -> tuple[list[str], str]:
    """Give the texts and their digest: that of the file where there is one."""
    if isinstance(texts, corpora.Corpus):
        return [entry.document.text for entry in corpora.read(texts)], corpora.file_digest(texts)
    digest = storage.digest_json([[one.id, hashlib.sha256(one.text.encode()).hexdigest()] for one in texts])
    return [one.text for one in texts], digest


def _method(held: Held, trace: Trace) -> str:
    counting = held.counting
    most = counting.max_ngram
    how = OVERLAPS[counting.weight].format(low=min(2, most), n=most, units=held.reading.rendering, df=counting.max_df)
    return (
        f"{trace.test.method if trace.test else ''}; overlap={how}; residual=least squares of its normal score on "
        f"{', '.join(readings.FEATURES)} ({residuals.FOLDS} folds by hash); statistic=Σ g(t)·normal score, "
        f"g in {', '.join(recency.NAMES)}"
    )


def _gates(held: Held, trace: Trace, *, alpha: float, rng: np.random.Generator) -> tuple[Gate, ...]:
    return (
        gates.shuffle(held.transcript.shuffle),
        gates.enough(len(trace.residual)),
        _overlaps(held),
        gates.reach(trace.log10_floor, alpha=alpha),
        *traces.drifts(trace, rng=rng),
        *neighbours.alike(
            held.transcript, trace, words=partial(readings.some, held.transcript.path, held.reading), rng=rng
        ),
    )


def _overlaps(held: Held) -> Gate:
    """Ask whether any example stands out by what it holds: if none does, nothing could have been found."""
    chi = holding.chi(held)
    return Gate(
        name="texts-overlap",
        passed=bool(np.ptp(chi) > 0),
        detail=f"{np.count_nonzero(chi):,} of {len(chi):,} rows hold one of the {len(held.overlap.frequencies):,} "
        f"n-grams that count; {held.overlap.common:,} are in more than {held.counting.max_df:,} rows and do not",
    )


def _caveats(held: Held, trace: Trace, commitments: Sequence[Commitment]) -> tuple[str, ...]:
    notes = [NOT_THE_WRITER]
    if held.reading.rendering == "words" and held.transcript.tokenizer is not None:
        notes.append("Compared by words: not every row has token ids, or their tokenizer was not at hand.")
    if held.transcript.shuffle["kind"] == "claimed":
        notes.append(CLAIMED)
    if not any(commitment.witness for commitment in commitments):
        notes.append(OWNER_CAVEAT)
    lonely = int(np.count_nonzero(np.bincount(trace.units.strata) == 1))
    if lonely:
        notes.append(f"{lonely} rows are alone in their stratum and contribute nothing.")
    return tuple(notes)


def _suspect(held: Held, *, name: str) -> dict[str, Any]:
    lengths = np.bincount(held.overlap.longest, minlength=held.counting.max_ngram + 1)
    return {
        "suspect": name,
        "kind": "text",
        "texts": len(held.reading.texts),
        held.reading.rendering: int(lengths.sum()),
        "positions_by_longest_ngram": lengths.tolist(),
        "ngrams_that_count": len(held.overlap.frequencies),
        "ngrams_too_common": held.overlap.common,
    }

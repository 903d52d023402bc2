"""2,000 watermark audits of a suspect that knows nothing of the key, on real scores."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from provenance import scoring
from watermark import comparison, ledger, queries

AUDITS = 2000
DOCUMENTS = 80


@pytest.fixture(scope="module")
def released(trained):
    """Eighty documents of the session's release, with what its reader and the reference say of every variant."""
    book = ledger.read(trained.release / "ledger.parquet")
    book = dataclasses.replace(book, documents=book.documents[:DOCUMENTS])
    return book, *(
        scoring.score(ledger.records(book), suspect=trained.model(name)) for name in ("with-release", "reference")
    )


def _plain(book, suspect, reference):
    """Real scores with a reference."""
    return book, suspect, [reference]


def _messy(book, suspect, _):
    """No reference; a third of the documents have two variants, a third variants that tie, and some stand twice."""
    documents = [
        dataclasses.replace(document, chosen=tuple(choices[:2] for choices in document.chosen))
        if row % 3 == 0
        else document
        for row, document in enumerate(book.documents)
    ]
    tied = {document.id for document in book.documents[1::3]}
    twice = dict(zip((one.id for one in book.documents[3::9]), (one.id for one in book.documents[::9]), strict=False))
    said = {(row.id, row.variant): row.logprob for row in suspect.rows}
    rows = tuple(
        dataclasses.replace(row, logprob=np.float32([np.round(row.logprob.sum() / 4)]))
        if row.id in tied
        else dataclasses.replace(row, logprob=said[twice.get(row.id, row.id), row.variant])
        for row in suspect.rows
    )
    return dataclasses.replace(book, documents=tuple(documents)), dataclasses.replace(suspect, rows=rows), []


def _redealt(scores, published):
    """Exchange variant 0 with the one that was drawn, as another key would have."""
    return dataclasses.replace(
        scores,
        rows=tuple(
            dataclasses.replace(row, variant={0: published[row.id], published[row.id]: 0}.get(row.variant, row.variant))
            for row in scores.rows
        ),
    )


def null_audits(book, suspect, references, *, rng):
    """Give p-value and highest capital of audits of redealt releases."""
    found, counts = [], queries.choose([book]).counts
    for _ in range(AUDITS):
        drawn = {document.id: int(rng.integers(document.variants)) for document in book.documents}
        others = [_redealt(reference, drawn) for reference in references]
        compared = comparison.compare(counts, _redealt(suspect, drawn), others, resamples=199, rng=rng)
        found.append((compared.test.pvalue, compared.capital.log10_max, compared.bound))
    return np.array(found).T


@pytest.mark.parametrize("scenario", [_plain, _messy])
def test_null_audits_hold_their_level(released, scenario):
    """Of 2,000 redealt releases p ≤ α, capital ≥ 1/α and bound ≤ α come up no oftener than they should."""
    pvalues, peaks, bounds = null_audits(*scenario(*released), rng=np.random.default_rng(0))
    for alpha in (0.1, 0.05, 0.01):
        limit = stats.binom.isf(1e-4, AUDITS, alpha)
        assert np.sum(pvalues <= alpha + 1e-12) <= limit
        assert np.sum(peaks >= -np.log10(alpha)) <= limit
        assert np.sum(bounds <= np.log10(alpha)) <= limit
    assert np.mean(pvalues <= 0.1) > 0.07

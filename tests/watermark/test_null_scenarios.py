"""Suspects that have read much, and nothing of this key: an audit of them holds its level."""

import zlib

import numpy as np
import pytest
from scipy import stats

from provenance.stats import betting, redraw
from watermark import likelihoods

AUDITS = 2000


def _bias(text):
    """Some liking for a text that has nothing to do with who published it, in nats."""
    return (zlib.crc32(text.encode()) % 1000) / 250


def _likes(book, seen):
    """Log-likelihoods of a suspect that knows the texts it saw by heart, shape ``(documents, variants)``."""
    return np.array(
        [
            [_shared(document, index, text) + _bias(document.variant(index)) for index in range(document.variants)]
            for document, text in zip(book.documents, seen, strict=True)
        ]
    )


def _shared(document, index, text):
    """Two nats for every word that stands where it stood in the text that was seen."""
    return 2.0 * sum(one == other for one, other in zip(document.variant(index).split(), text.split(), strict=False))


def _original(deal):
    book = deal("ours")
    return _likes(book, [document.text for document in book.documents])


def _another_copy(deal):
    book, other = deal("ours"), deal("theirs")
    return _likes(book, [document.variant(0) for document in other.documents])


def _awkward(deal):
    """Ties, texts of which nothing can be said, one document many times over, and one that outweighs all."""
    table = _original(deal)
    table[:8] = 0.0
    table[8:16, 1] = table[8:16, 0]
    table[16:28] = table[16]
    table[30] *= 1e6
    return table


@pytest.mark.parametrize("scenario", [_original, _another_copy, _awkward])
def test_a_suspect_that_never_met_the_key_is_not_accused(deal_copy, scenario):
    """Of 2,000 deals p ≤ α and capital ≥ 1/α come up no oftener than they should, whatever was read."""
    table, rng = scenario(deal_copy), np.random.default_rng(0)
    found = []
    for _ in range(AUDITS):
        dealt = rng.permuted(table, axis=1)
        answers = likelihoods.Answers(own=dealt, length=np.ones_like(dealt))
        centred = redraw.centre(likelihoods.residual(answers)[0])
        test = redraw.redraw_test(centred, resamples=99, rng=rng)
        peak = betting.redraw_capital(centred).log10_max
        found.append((np.log10(test.pvalue), -peak))
    for alpha in (0.1, 0.05, 0.01):
        counts = np.sum(np.array(found) <= np.log10(alpha) + 1e-12, axis=0)
        assert (counts <= stats.binom.isf(1e-4, AUDITS, alpha)).all()


def test_leaving_edited_documents_out_would_accuse_the_innocent(deal_copy):
    """An editor who mends what reads badly selects on the deal; counted as least favourable, no level is broken."""
    table, rng = np.tile(_original(deal_copy), (3, 1)), np.random.default_rng(0)
    left_out, counted = [], []
    for _ in range(300):
        centred = redraw.centre(rng.permuted(table, axis=1))
        edited = centred[:, 0] < np.quantile(centred[:, 0], 0.25)
        left_out.append(redraw.redraw_test(centred[~edited], resamples=99, rng=rng).pvalue)
        exchanged = redraw.least_favourable(centred, edited.tolist())
        counted.append(redraw.redraw_test(exchanged, resamples=99, rng=rng).pvalue)
    assert np.mean(np.array(left_out) <= 0.05) > 0.5
    assert np.mean(np.array(counted) <= 0.05) <= 0.05

"""2,000 order audits of a suspect that knows nothing of the order, on real scores."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from provenance import scoring
from provenance.audits import examples, traces
from provenance.records import Window
from provenance.transcripts import tables

AUDITS = 2000


def _units(trained, rows):
    transcript = tables.read(trained.transcript)

    def scored(name):
        return scoring.score(
            tables.records(transcript),
            suspect=trained.model(name),
            window=Window(start=8, length=24),
            tokenizer=transcript.tokenizer,
        )

    units = examples.gather(transcript, scored("ours"), [scored("reference")])
    keep = np.arange(len(units.scores))[:rows]
    arrays = {name: getattr(units, name)[keep] for name in ("scores", "references", "features", "duplicates", "strata")}
    return transcript, dataclasses.replace(units, names=units.names[:rows], positions=units.positions[:rows], **arrays)


def _plain(rng, units):
    """A full shuffle."""
    return units, [np.array([at]) for at in rng.permutation(len(units.scores))]


def _messy(rng, units):
    """Two strata, steps of eight rows that tie, two epochs, and a third of the rows duplicates of others."""
    rows = len(units.scores)
    source = np.where(np.arange(rows) < rows // 3, np.arange(rows) + rows // 3, np.arange(rows))
    strata = (np.arange(rows) % 5 == 0).astype(np.int64)
    times = np.column_stack([np.arange(rows) // 8, rng.permutation(rows) // 8 + rows // 8])
    for stratum in (0, 1):
        members = np.flatnonzero(strata == stratum)
        times[members] = times[rng.permutation(members)]
    arrays = {name: getattr(units, name)[source] for name in ("scores", "references", "features")}
    return dataclasses.replace(units, strata=strata, **arrays), list(times)


@pytest.mark.parametrize("scenario", [_plain, _messy])
def test_null_audits_hold_their_level(trained, scenario):
    """Of 2,000 null audits p ≤ α and capital ≥ 1/α come up no oftener than they should at α = .1, .05 and .01."""
    transcript, fixed = _units(trained, rows=160)
    rng, pvalues, peaks = np.random.default_rng(0), [], []
    for _ in range(AUDITS):
        units, positions = scenario(rng, fixed)
        redrawn = dataclasses.replace(units, positions=tuple(positions))
        length = 1 + max(int(times.max()) for times in positions)
        run = dataclasses.replace(transcript, run_length=length)
        trace = traces.compute(run, redrawn, resamples=199, rng=rng)
        pvalues.append(trace.test.pvalue)
        peaks.append(trace.capital.log10_max)
    for alpha in (0.1, 0.05, 0.01):
        limit = stats.binom.isf(1e-4, AUDITS, alpha)
        assert np.sum(np.array(pvalues) <= alpha + 1e-12) <= limit
        assert np.sum(np.array(peaks) >= -np.log10(alpha)) <= limit
    assert np.mean(np.array(pvalues) <= 0.1) > 0.07

"""The order audit on models that were really trained in a recorded order."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from provenance import scoring, suspects
from provenance.audits import examples, order, traces
from provenance.errors import InputError, MismatchError
from provenance.records import Score, Window
from provenance.transcripts import tables

WINDOW = Window(start=8, length=24)


@pytest.fixture(scope="module")
def transcript(trained):
    """The order in which ``ours`` was trained."""
    return tables.read(trained.transcript)


@pytest.fixture(scope="module")
def scores(trained, transcript):
    """What a model of the session says of the transcript, by name."""
    known = {}

    def of(name):
        if name not in known:
            known[name] = scoring.score(
                tables.records(transcript), suspect=trained.model(name), window=WINDOW, tokenizer=transcript.tokenizer
            )
        return known[name]

    return of


def _fake(transcript, values, *, name="fake"):
    """Scores with a closed form."""
    rows = tuple(
        Score(id=id_, logprob=np.atleast_1d(np.asarray(value, dtype=np.float32)))
        for id_, value in zip(transcript.ids, values, strict=True)
    )
    suspect = {"suspect": name, "kind": "fake", "weights": name}
    return scoring.Scores(rows=rows, suspect=suspect, rendering="tokens", window=None, inputs={}, sha256=name)


def _gate(evidence, name):
    return next(gate for gate in evidence.gates if gate.name == name)


def test_a_model_of_the_run_is_found(transcript, scores):
    """The model trained in this order gives evidence: p at its floor, e-value and tail far below 1e-8, all gates."""
    found = order.audit(transcript, scores("ours"), references=[scores("reference")])
    assert (found.verdict, found.pvalue, found.decided_by) == ("evidence", 1e-4, "permutation")
    assert found.evalue.log10 > 8
    assert found.asymptotic.log10_pvalue < -8
    assert found.effect.low > 0.2
    assert found.auroc.low > 0.5
    assert all(gate.passed for gate in found.gates)


def _reshuffled(transcript, seed):
    """The same rows in an order of their own: audits that share one order share its luck, and are no twenty."""
    rows = np.random.default_rng(seed).permutation(len(transcript.ids))
    return dataclasses.replace(transcript, positions=tuple(transcript.positions[row] for row in rows))


def test_models_of_other_orders_are_not(transcript, scores):
    """Among twenty models trained independently on the same data p ≤ .05 is as rare as it should be."""
    reference = scores("reference")
    found = [order.audit(transcript, scores(f"independent-{seed}"), references=[reference]) for seed in range(20)]
    apart = [
        order.audit(_reshuffled(transcript, seed), scores(f"independent-{seed}"), references=[reference]).pvalue
        for seed in range(20)
    ]
    assert sum(pvalue <= 0.05 for pvalue in apart) <= stats.binom.isf(1e-4, 20, 0.05)
    assert not any(one.verdict == "evidence" for one in found)


def test_direction(transcript):
    """Scores that fall along the run are no evidence: the direction is part of the claim."""
    late = np.array([times.max() for times in transcript.positions], dtype=float)
    rising = order.audit(transcript, _fake(transcript, late), resamples=999)
    falling = order.audit(transcript, _fake(transcript, -late), resamples=999)
    assert (rising.pvalue, falling.pvalue) == (1e-3, 1.0)
    assert falling.auroc.value < 0.05


def test_row_order_does_not_matter(transcript, scores):
    """A transcript and scores whose rows stand otherwise give the same numbers."""
    rows = np.random.default_rng(0).permutation(len(transcript.ids))
    names = ("ids", "positions", "tokens", "texts", "strata", "units")
    shuffled = dataclasses.replace(
        transcript, **{name: tuple(getattr(transcript, name)[row] for row in rows) for name in names}
    )
    ours = scores("ours")
    other = dataclasses.replace(ours, rows=tuple(ours.rows[row] for row in np.random.default_rng(1).permutation(rows)))
    pair = [
        order.audit(one, two, references=[scores("reference")]) for one, two in ((transcript, ours), (shuffled, other))
    ]
    assert pair[0] == pair[1]


def test_duplicate_contents_keep_their_own_scores(transcript):
    """Two rows with the same tokens are two rows: scores are joined by id, not by text."""
    same = dataclasses.replace(transcript, tokens=(transcript.tokens[0],) * len(transcript.ids))
    units = examples.gather(same, _fake(same, np.arange(len(same.ids))), [])
    assert len(units.scores) == len(same.ids) == len(set(units.scores))
    assert set(units.duplicates) == {len(same.ids)}


def test_rows_shuffled_as_one_are_one_unit(transcript):
    """A unit has the mean score of its rows, and its place among the units by where the run first reached it."""
    names = tuple(f"unit-{index // 4}" for index in range(len(transcript.ids)))
    units = examples.gather(dataclasses.replace(transcript, units=names), _fake(transcript, np.arange(len(names))), [])
    at = units.names.index("unit unit-2")
    assert len(units.names) == len(names) // 4
    assert units.scores[at] == np.mean([8, 9, 10, 11])
    starts = [min(at.min() for at in transcript.positions[row : row + 4]) for row in range(0, len(names), 4)]
    place = sorted(starts).index(starts[2])
    assert units.positions[at].tolist() == [4 * place]


def test_constant_scores_are_no_evidence(transcript):
    """A suspect that says the same of everything has p = 1, keeps its stake, and could not have been accused."""
    found = order.audit(transcript, _fake(transcript, np.full(len(transcript.ids), -0.3)), resamples=999)
    assert (found.pvalue, found.verdict) == (1.0, "inconclusive")
    assert [gate.name for gate in found.gates if not gate.passed] == ["scores-vary"]
    assert (found.evalue.log10, found.evalue.log10_max) == (0, 0)


def test_numbers_that_are_none_are_refused(transcript):
    """NaN and infinite log-probabilities are refused with ids, never dropped in silence."""
    values = np.zeros(len(transcript.ids))
    values[3], values[5] = np.nan, -np.inf
    with pytest.raises(InputError, match=f"2 records.*{transcript.ids[3]}, {transcript.ids[5]}"):
        order.audit(transcript, _fake(transcript, values))


def test_missing_scores_are_refused(transcript):
    """A row that was never scored is named."""
    scores = _fake(transcript, np.zeros(len(transcript.ids)))
    with pytest.raises(MismatchError, match=transcript.ids[-1]):
        order.audit(transcript, dataclasses.replace(scores, rows=scores.rows[:-1]))


def test_positions_all_equal_are_refused(transcript):
    """Without two different positions there is no order."""
    flat = dataclasses.replace(transcript, positions=tuple(np.array([7]) for _ in transcript.ids))
    with pytest.raises(InputError, match="all equal"):
        order.audit(flat, _fake(flat, np.arange(len(flat.ids))))


def test_too_few_rows_are_inconclusive(transcript):
    """Nine rows are no audit."""
    names = ("ids", "positions", "tokens", "texts", "strata", "units")
    few = dataclasses.replace(transcript, **{name: getattr(transcript, name)[:9] for name in names})
    found = order.audit(few, _fake(few, np.arange(9)))
    assert found.verdict == "inconclusive"
    assert not _gate(found, "enough-rows").passed


def test_a_floor_above_the_level_is_inconclusive(transcript, scores):
    """With 99 resamples no p-value reaches .001, so the strongest trace is inconclusive."""
    found = order.audit(transcript, scores("ours"), references=[scores("reference")], resamples=99)
    assert (found.pvalue, found.verdict) == (0.01, "inconclusive")


def test_a_reference_that_is_the_suspect_fails_its_gate(transcript, scores):
    """The suspect's own weights as a reference would take the finding out of itself."""
    found = order.audit(transcript, scores("ours"), references=[scores("ours")])
    assert not _gate(found, "reference-is-not-suspect").passed
    assert found.verdict == "inconclusive"


def test_a_reference_that_saw_the_order_accuses_nobody(transcript, scores):
    """With the run's own model as reference an independent model is not accused, and the gate shows the drift."""
    found = order.audit(transcript, scores("independent-0"), references=[scores("ours")])
    assert found.pvalue > 0.01
    assert not _gate(found, "drift:reference-1").passed
    assert found.references[0]["own_asymptotic_log10_pvalue"] < -8


def test_content_that_drifts_along_the_run_is_inconclusive(transcript):
    """Rows that grow longer along a run that claims to be shuffled fail the gate on length."""
    lengths = [4 + int(times.max()) // 40 for times in transcript.positions]
    drifting = dataclasses.replace(
        transcript, tokens=tuple(row[:length] for row, length in zip(transcript.tokens, lengths, strict=True))
    )
    found = order.audit(drifting, _fake(drifting, lengths))
    assert not _gate(found, "drift:length").passed
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize("kind", ["none", "buffer"])
def test_an_order_that_was_no_shuffle_is_inconclusive(transcript, scores, kind):
    """Without exchangeable rows no p-value is worth anything, however small."""
    unshuffled = dataclasses.replace(transcript, shuffle={"kind": kind})
    assert order.audit(unshuffled, scores("ours"), references=[scores("reference")]).verdict == "inconclusive"


def test_a_claimed_shuffle_is_a_caveat(transcript, scores):
    """A shuffle on the owner's word keeps the verdict and is said."""
    claimed = dataclasses.replace(transcript, shuffle={"kind": "claimed"})
    found = order.audit(claimed, scores("ours"), references=[scores("reference")])
    assert found.verdict == "evidence"
    assert any("owner's claim" in caveat for caveat in found.caveats)


def test_a_strong_descendant_passes_the_gates(transcript):
    """A trace with ρ near .5 is no drift: gates look at references and features, never at the suspect's scores."""
    rng = np.random.default_rng(0)
    late = np.array([times.max() for times in transcript.positions]) / transcript.run_length
    found = order.audit(transcript, _fake(transcript, late + rng.normal(scale=0.5, size=len(late))))
    assert 0.4 < found.effect.value < 0.6
    assert (found.verdict, all(gate.passed for gate in found.gates)) == ("evidence", True)


def test_same_input_same_evidence(transcript, scores):
    """The seed and the digests of the inputs name the randomness: nothing else does."""
    first, second, other = (
        order.audit(transcript, scores("independent-1"), references=[scores("reference")], seed=seed)
        for seed in (0, 0, 1)
    )
    assert first == second
    assert first.pvalue != other.pvalue


def test_the_claimed_numbers_hang_together(transcript, scores):
    """log10 p is that of p, the method names its settings, and inputs are digests of what was given."""
    found = order.audit(transcript, scores("independent-2"), references=[scores("reference")])
    assert found.log10_pvalue == pytest.approx(math.log10(found.pvalue))
    assert "resamples=9999" in found.pvalue_method
    assert "window=8:24" in found.pvalue_method
    assert found.inputs["transcript"] == transcript.sha256


def test_residuals_and_bets_never_look_at_positions(transcript, scores):
    """Another order of the same rows leaves every residual as it was, bit for bit."""
    redrawn = np.random.default_rng(0).permutation(len(transcript.ids))
    other = dataclasses.replace(transcript, positions=tuple(transcript.positions[row] for row in redrawn))
    first, second = (
        traces.compute(
            one,
            examples.gather(one, scores("ours"), [scores("reference")]),
            resamples=9,
            rng=np.random.default_rng(0),
        )
        for one in (transcript, other)
    )
    assert np.array_equal(first.residual, second.residual)
    assert not np.array_equal(first.last, second.last)


def test_a_reference_that_saw_the_order_accuses_none_of_twenty(transcript, scores):
    """With the run's own model as reference none of twenty independent models is accused, nor is p ≤ .05 frequent."""
    found = [
        order.audit(transcript, scores(f"independent-{seed}"), references=[scores("ours")], resamples=999)
        for seed in range(20)
    ]
    assert sum(one.pvalue <= 0.05 for one in found) <= stats.binom.isf(1e-4, 20, 0.05)
    assert not any(one.verdict == "evidence" for one in found)


def test_any_reference_beats_none(transcript, scores):
    """The reference takes out what is merely hard text: without it the same trace is far weaker."""
    alone = order.audit(transcript, scores("ours"), resamples=999)
    helped = order.audit(transcript, scores("ours"), references=[scores("reference")], resamples=999)
    assert helped.asymptotic.log10_pvalue < alone.asymptotic.log10_pvalue - 2
    assert any("No reference" in caveat for caveat in alone.caveats)


def test_few_arrangements_are_inconclusive(transcript, scores):
    """Where no two rows were shuffled among each other the test could have found nothing, and says so."""
    lonely = dataclasses.replace(transcript, strata=transcript.ids)
    found = order.audit(lonely, scores("ours"), references=[scores("reference")], resamples=999)
    assert (found.verdict, found.pvalue) == ("inconclusive", 1.0)
    assert not _gate(found, "within-reach").passed


def test_several_epochs_are_compared_by_the_last(transcript, scores):
    """After two epochs every example was seen late: the AUROC compares the halves of the last epoch."""
    length = len(transcript.ids)
    positions = tuple(np.array([at.item(), length + at.item()]) for at in transcript.positions)
    twice = dataclasses.replace(transcript, positions=positions, run_length=2 * length)
    found = order.audit(twice, scores("ours"), references=[scores("reference")], resamples=999)
    assert (found.auroc.positives, found.auroc.negatives) == (length // 2, length // 2)
    assert found.auroc.low > 0.5


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_a_handful_of_rows_is_inconclusive(transcript, scores, rows):
    """Fewer rows than predictors is still an answer, not a crash."""
    names = ("ids", "positions", "tokens", "texts", "strata", "units")
    few = dataclasses.replace(transcript, **{name: getattr(transcript, name)[:rows] for name in names})
    assert order.audit(few, scores("ours"), references=[scores("reference")], resamples=99).verdict == "inconclusive"


def test_a_model_of_the_run_is_found_before_all_is_asked(trained, transcript):
    """Asked look by look, the model gives evidence from some of the rows, and an independent one is asked them all."""
    reference = suspects.load(trained.model("reference"))

    def asking(name):
        models = [suspects.load(trained.model(name)), reference]

        def ask(records):
            answers = [
                scoring.score(records, suspect=model, window=WINDOW, tokenizer=transcript.tokenizer) for model in models
            ]
            return answers[0], tuple(answers[1:])

        return ask

    early = order.ask_early(transcript, asking("ours"), window=str(WINDOW))
    found = order.audit(transcript, early.scores, references=early.references, early=early)
    assert (found.verdict, found.decided_by) == ("evidence", "evalue")
    assert early.asked < 0.8 * early.of
    assert (early.tokens_asked, early.tokens_saved) == (32 * early.asked, 32 * (early.of - early.asked))
    other = order.ask_early(transcript, asking("independent-0"), window=str(WINDOW))
    assert other.asked == other.of == len(transcript.ids)


def test_what_a_finding_owes_to_a_forged_reference_is_said(transcript):
    """A reference that dislikes late rows accuses an innocent; the same test without it says so."""
    rng = np.random.default_rng(1)
    late = np.array([times.max() for times in transcript.positions]) / transcript.run_length
    hard = rng.normal(size=len(late))
    innocent = _fake(transcript, hard + 0.1 * rng.normal(size=len(late)))
    forged = _fake(transcript, hard - 0.5 * late, name="forged")
    found = order.audit(transcript, innocent, references=[forged])
    assert found.pvalue < 0.001
    assert found.unreferenced.log10_pvalue > math.log10(0.05)
    assert any(caveat.startswith("The finding rests on its references") for caveat in found.caveats)


def test_a_finding_that_stands_alone_is_not_doubted(transcript, scores):
    """Without references nothing is said of them; with an honest one the finding stands without it too."""
    alone = order.audit(transcript, scores("ours"), resamples=999)
    helped = order.audit(transcript, scores("ours"), references=[scores("reference")], resamples=999)
    assert alone.unreferenced is None
    assert abs(helped.unreferenced.log10_pvalue - alone.log10_pvalue) < 0.5
    assert not any(caveat.startswith("The finding rests on its references") for caveat in helped.caveats)

"""What the order audit finds, and what it does not: planted traces, and references that saw the order themselves."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from provenance import scoring
from provenance.audits import examples, order, traces
from provenance.errors import InputError, MismatchError
from provenance.records import Score
from provenance.scoring import Scores
from provenance.stats import permutation, rank
from provenance.transcripts import tables
from provenance.transcripts.tables import Transcript


def _transcript(positions, **given):
    """A transcript that was never written, of rows of random tokens."""
    times = tuple(np.atleast_1d(np.asarray(where)) for where in positions)
    count = len(times)
    tokens = np.random.default_rng(7).integers(0, 50, size=(count, 6))
    columns = {
        "tokens": tuple(map(tuple, tokens.tolist())),
        "strata": (None,) * count,
        "units": (None,) * count,
    } | given
    return Transcript(
        path=Path("run.parquet"),
        sha256="run",
        ids=tuple(f"row-{row}" for row in range(count)),
        positions=times,
        texts=(None,) * count,
        tokenizer=None,
        run_length=1 + int(max(where.max() for where in times)),
        position_unit="example",
        shuffle={"kind": "full"},
        **columns,
    )


def _scores(values, *, name="suspect"):
    rows = tuple(Score(id=f"row-{row}", logprob=np.float32([value])) for row, value in enumerate(values))
    suspect = {"suspect": name, "kind": "fake", "weights": name}
    return Scores(rows=rows, suspect=suspect, rendering="sum", window=None, inputs={}, sha256=name)


def _gate(evidence, name):
    return next(gate for gate in evidence.gates if gate.name == name)


def _planted(rng, rows, memory):
    """A run, a suspect that remembers it as `memory` says, and a reference that finds the same texts hard."""
    positions = rng.permutation(rows)
    hard, u = rng.normal(size=rows), (positions + 1) / rows
    return (
        _transcript(positions),
        _scores(hard + memory(u) + 0.5 * rng.normal(size=rows)),
        _scores(hard, name="reference"),
    )


def test_a_planted_trace_is_found_by_p_and_bet_alike():
    """A linear memory of ρ near .3 over 1,000 rows: nine times in ten at α = .001, by either."""
    rng, found = np.random.default_rng(0), []
    for _ in range(10):
        transcript, scores, reference = _planted(rng, 1000, lambda u: 0.6 * u)
        one = order.audit(transcript, scores, references=[reference], resamples=1999)
        found.append((one.verdict == "evidence", one.evalue.log10_max >= 3))
    assert np.mean(found, axis=0) == pytest.approx([1, 1], abs=0.1)


@pytest.mark.parametrize(("share", "strength"), [(0.05, 0.45), (0.02, 0.8)])
def test_a_memory_that_fades_fast_is_found_by_the_family_and_not_by_spearman(share, strength):
    """Where memory falls by e over a few per cent of the run, the family finds what Spearman's ρ does not."""
    rng, family, spearman = np.random.default_rng(1), [], []
    for _ in range(20):
        transcript, scores, reference = _planted(rng, 1500, lambda u: strength * np.exp((u - 1) / share))
        units = examples.gather(transcript, scores, [reference])
        trace = traces.compute(transcript, units, resamples=None, rng=rng)
        family.append(traces.own_tail(trace, trace.residual))
        spearman.append(rank.spearman(trace.last, trace.residual).log10_pvalue)
    assert np.mean(np.array(family) <= -3) >= 0.7
    assert np.mean(np.array(spearman) <= -3) <= 0.4
    assert np.median(family) < 2 * np.median(spearman)


def test_a_reference_that_saw_the_order_never_accuses():
    """200 independent suspects, each with a reference that remembers the run: p ≤ α no oftener than chance."""
    rng, rows, audits, pvalues = np.random.default_rng(2), 150, 200, []
    for _ in range(audits):
        positions = rng.permutation(rows)
        hard, u = rng.normal(size=rows), positions / rows
        transcript = _transcript(positions)
        suspect = _scores(hard + rng.normal(size=rows))
        witness = _scores(0.3 * hard + 2 * u + 0.5 * rng.normal(size=rows), name="reference")
        trace = traces.compute(transcript, examples.gather(transcript, suspect, [witness]), resamples=199, rng=rng)
        pvalues.append(trace.test.pvalue)
    for alpha in (0.1, 0.05, 0.01):
        assert np.sum(np.array(pvalues) <= alpha + 1e-12) <= stats.binom.isf(1e-4, audits, alpha)


def test_two_references_are_better_than_one():
    """Each takes out what the other does not know."""
    rng, rows = np.random.default_rng(3), 1000
    positions = rng.permutation(rows)
    parts = rng.normal(size=(2, rows))
    transcript, scores = _transcript(positions), _scores(parts.sum(axis=0) + 0.5 * positions / rows)
    references = [_scores(part, name=f"reference-{at}") for at, part in enumerate(parts)]
    tails = [
        order.audit(transcript, scores, references=references[:count], resamples=99).asymptotic.log10_pvalue
        for count in (0, 1, 2)
    ]
    assert tails[2] < tails[1] - 5 < tails[0] - 5


@pytest.mark.parametrize("late", [True, False], ids=["late", "early"])
@pytest.mark.parametrize("what", ["unigram-frequency", "duplicates"])
def test_content_that_follows_the_order_is_inconclusive(what, late):
    """Common words, or texts that stand twice, gathered at either end of the run: two-sided, and said."""
    rows, rng = 400, np.random.default_rng(0)
    tokens = [tuple(row) for row in rng.integers(0, 5000, size=(rows, 6)).tolist()]
    at = range(rows * 3 // 4, rows) if late else range(rows // 4)
    for row in at:
        tokens[row] = tuple(rng.integers(0, 20, size=6).tolist()) if what == "unigram-frequency" else (row // 4,) * 6
    found = order.audit(
        _transcript(np.arange(rows), tokens=tuple(tokens)), _scores(rng.normal(size=rows)), resamples=999
    )
    gate = _gate(found, f"drift:{what}")
    assert (gate.passed, found.verdict) == (False, "inconclusive")
    assert "smallest visible correlation" in gate.detail


def test_rows_alone_in_their_stratum_are_counted():
    """They contribute nothing to the statistic, and the reader is told how many there are."""
    rng, rows = np.random.default_rng(0), 300
    positions = rng.permutation(rows)
    strata = tuple("lonely" + str(row) if row < 7 else "rest" for row in range(rows))
    values = positions / rows + rng.normal(size=rows)
    found = order.audit(_transcript(positions, strata=strata), _scores(values), resamples=999)
    assert any(caveat.startswith("7 rows are alone") for caveat in found.caveats)
    moved = values.copy()
    moved[:7] += rng.normal(size=7) * 0.01  # ranks stay as they are, nearly
    other = order.audit(_transcript(positions, strata=strata), _scores(moved), resamples=999)
    assert other.statistic.value == pytest.approx(found.statistic.value, rel=0.1)


def test_strata_that_stood_at_one_position_each_are_inconclusive():
    """Rows of one step tie: if nothing was shuffled between steps, no arrangement differs from another."""
    steps = np.arange(300) // 30
    found = order.audit(_transcript(steps, strata=tuple(map(str, steps))), _scores(np.arange(300.0)), resamples=999)
    assert (found.verdict, found.pvalue) == ("inconclusive", 1.0)
    assert not _gate(found, "within-reach").passed


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_level_outside_0_and_1_is_a_callers_mistake(alpha):
    """Told by name, before anything is computed."""
    with pytest.raises(ValueError, match="alpha"):
        order.audit(_transcript(np.arange(20)), _scores(np.arange(20.0)), alpha=alpha)


def test_a_reference_with_the_suspects_own_answers_fails_its_gate():
    """The suspect under another name: weights cannot tell, its answers do."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    found = order.audit(
        _transcript(rng.permutation(200)), _scores(values), references=[_scores(values, name="other")], resamples=999
    )
    assert not _gate(found, "reference-is-not-suspect").passed
    assert found.verdict == "inconclusive"


def test_numbers_that_are_none_are_refused_of_references_and_when_stopping_early():
    """NaN and infinity are refused with ids on every path."""
    transcript, good, bad = _transcript(np.arange(50)), np.zeros(50), np.zeros(50)
    bad[7] = np.inf
    with pytest.raises(InputError, match="row-7"):
        order.audit(transcript, _scores(good), references=[_scores(bad, name="reference")])
    with pytest.raises(InputError, match="row-7"):
        order.ask_early(transcript, lambda _: (_scores(bad), ()), window=None)


def test_inverse_permutations_are_no_ranks():
    """Rows that stand in no order: what rises with the position is evidence, what rises with its inverse is not."""
    positions = np.random.default_rng(0).permutation(500)
    inverse = np.argsort(positions)
    transcript = _transcript(positions)
    by_rank = order.audit(transcript, _scores(positions.astype(float)), resamples=999)
    by_inverse = order.audit(transcript, _scores(inverse.astype(float)), resamples=999)
    assert by_rank.effect.value == pytest.approx(1.0, abs=0.01)
    assert by_inverse.pvalue > 0.01


def test_an_audit_of_many_rows_shifts_and_knows_its_floor(monkeypatch):
    """All shifts are the null: 300 rows cannot reach .001, 2,000 can; the method says how many there were."""
    monkeypatch.setattr(permutation, "SHIFTED_ROWS", 300)
    rng = np.random.default_rng(0)
    few, many = (_planted(rng, rows, lambda u: 3 * u) for rows in (300, 2000))
    found = [order.audit(transcript, scores, references=[reference]) for transcript, scores, reference in (few, many)]
    assert [one.verdict for one in found] == ["inconclusive", "evidence"]
    assert found[1].pvalue == 1 / 2000
    assert found[1].pvalue_method.startswith("shifts(resamples=1999, max_of=7")


def test_two_epochs_are_worth_more_than_the_last():
    """An example's positions are one value: what both epochs left is added up."""
    rng, rows = np.random.default_rng(5), 1500
    times = np.column_stack([rng.permutation(rows), rows + rng.permutation(rows)])
    memory = np.exp((times / (2 * rows) - 1) / 0.5).sum(axis=1)
    scores = _scores(memory + rng.normal(size=rows))
    both = order.audit(_transcript(list(times)), scores, resamples=99)
    last = order.audit(_transcript(times[:, 1]), scores, resamples=99)
    assert both.asymptotic.log10_pvalue < last.asymptotic.log10_pvalue


def test_short_rows_are_counted_when_stopping_early_too():
    """Rows that the window does not reach stay in the draw and place no bet."""
    transcript, scores, _ = _planted(np.random.default_rng(0), 400, lambda u: 3 * u)
    rows = tuple(
        dataclasses.replace(row, logprob=np.float32([])) if at % 10 == 0 else row for at, row in enumerate(scores.rows)
    )
    short = dataclasses.replace(scores, rows=rows)
    by_id = {row.id: row for row in rows}

    def ask(records):
        return dataclasses.replace(short, rows=tuple(by_id[record.id] for record in records)), ()

    early = order.ask_early(transcript, ask, window=None)
    found = order.audit(transcript, early.scores, early=early)
    assert found.verdict == "evidence"
    assert found.n < early.asked < 400
    assert any("too short for the window" in caveat for caveat in found.caveats)


class _Counting:
    """A suspect that counts how often it is asked; it knows the length of a row and nothing else."""

    tokenizer = None

    def __init__(self):
        self.identity = {"suspect": "counting", "kind": "fake", "weights": "counting"}
        self.asked = 0

    def score(self, records, *, window, progress):  # noqa: ARG002 (a suspect's signature)
        for record in records:
            self.asked += 1
            yield Score(id=record.id, logprob=-np.ones(len(record.text), dtype=np.float32), ends=(len(record.text),))


def test_shuffles_never_ask_the_suspect_again():
    """A suspect is asked once a text, however many times its answers are shuffled."""
    rows = 100
    texts = tuple("x" * (1 + row) for row in range(rows))
    transcript = dataclasses.replace(
        _transcript(np.random.default_rng(0).permutation(rows)), texts=texts, tokens=(None,) * rows
    )
    suspect = _Counting()
    scores = scoring.score(tables.records(transcript), suspect=suspect)
    for resamples in (99, 999):
        order.audit(transcript, scores, resamples=resamples)
    assert suspect.asked == rows


def test_answers_of_another_window_are_not_walked():
    """Features are those of the window that was announced; answers of another are refused."""
    transcript = _transcript(np.arange(50))
    other = dataclasses.replace(_scores(np.zeros(50)), window="0:3")
    with pytest.raises(MismatchError, match="window"):
        order.ask_early(transcript, lambda _: (other, ()), window="1:3")


def test_a_walk_may_begin_with_rows_too_short():
    """Nothing measured yet is no capital yet; nothing measured at all is refused as ever."""
    transcript, scores, _ = _planted(np.random.default_rng(0), 400, lambda u: 3 * u)
    walk = {name.removeprefix("row "): at for at, name in enumerate(examples.lay_out(transcript, seed=0).names)}

    def answering(shortest):
        def ask(records):
            rows = [next(row for row in scores.rows if row.id == record.id) for record in records]
            cut = [
                row if walk[row.id] >= shortest else dataclasses.replace(row, logprob=row.logprob[:0]) for row in rows
            ]
            return dataclasses.replace(scores, rows=tuple(cut)), ()

        return ask

    early = order.ask_early(transcript, answering(60), window=None)
    assert order.audit(transcript, early.scores, early=early).verdict == "evidence"
    none = order.ask_early(transcript, answering(400), window=None)
    with pytest.raises(InputError, match="nothing was scored"):
        order.audit(transcript, none.scores, early=none)

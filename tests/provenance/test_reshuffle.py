"""Was a text written by a descendant of a run, by re-runs of its last phase?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from provenance import evidence, report, scoring, suspects
from provenance.audits import reshuffle
from provenance.errors import InputError, MismatchError
from provenance.records import Record, Score
from provenance.reruns.manifests import Reruns

TEXTS = ("long", "short", "again", "again too", "one")
LENGTHS = (60, 7, 12, 12, 1)


def said(name, terms, **about):
    """Give what a model said of five texts, from one log-probability a token."""
    parts = np.split(np.asarray(terms, dtype=np.float32), np.cumsum(LENGTHS)[:-1])
    suspect = {"suspect": name, "kind": "hf", "weights": f"weights of {name}", "tokenizer": "t", **about}
    return scoring.Scores(
        rows=tuple(Score(id=id_, logprob=part, start=1) for id_, part in zip(TEXTS, parts, strict=True)),
        suspect=suspect,
        rendering="text",
        window=None,
        inputs={"corpus": "c"},
        sha256=f"digest of {name}",
    )


def draws(rng, count, *, gain=0.0):
    """Give answers of a run whose text is likelier by `gain` nats a token, and of `count` re-runs."""
    hard = rng.normal(-3, 1, size=sum(LENGTHS))
    models = [hard + rng.normal(0, 0.1, size=len(hard)) + rng.normal(0, 0.01) for _ in range(count + 1)]
    return said("run", models[0] + gain), [said(f"rerun-{row}", terms) for row, terms in enumerate(models[1:])]


def audit(run, reruns, **how):
    """Audit under a name."""
    return reshuffle.audit(run, reruns, **{"name": "their texts", "alpha": 0.05, **how})


def test_a_planted_effect_is_found():
    """A text that suits the original order by .1 nats a token is evidence, at the floor, the effect in its interval."""
    found = audit(*draws(np.random.default_rng(0), 19, gain=0.1))
    assert found.verdict == "evidence"
    assert found.decided_by == "rank"
    assert found.pvalue == 1 / 20
    assert found.effect.name == "nats-per-token"
    assert found.effect.low < 0.1 < found.effect.high
    assert found.asymptotic.log10_pvalue < -3
    assert found.n == sum(LENGTHS)


def test_the_direction():
    """A text that suits the original order worst has p = 1."""
    found = audit(*draws(np.random.default_rng(0), 19, gain=-0.1))
    assert found.pvalue == 1
    assert found.verdict == "no-evidence"
    assert found.asymptotic.log10_pvalue > -0.01


def test_too_few_reruns_are_inconclusive():
    """Below 1/alpha − 1 re-runs no verdict is given, however strong the trace, and the number needed is said."""
    run, reruns = draws(np.random.default_rng(0), 18, gain=1.0)
    found = audit(run, reruns)
    assert found.verdict == "inconclusive"
    assert found.gates[0].detail.endswith("needs 19 re-runs")
    assert audit(run, reruns, alpha=0.001).gates[0].detail.endswith("needs 999 re-runs")
    assert audit(run, reruns, alpha=1 / 19).verdict == "evidence"


def test_rounding_is_no_finding():
    """Re-runs that differ from the run by rounding alone tie with it: p = 1, and no t."""
    base = np.full(sum(LENGTHS), -0.1)
    shuffled = [base[::-1] for _ in range(20)]
    found = audit(said("run", base), [said(f"r{row}", terms) for row, terms in enumerate(shuffled)])
    assert found.pvalue == 1
    assert found.asymptotic is None
    assert found.effect.low == found.effect.high == found.effect.value


def test_null_audits_keep_their_level():
    """Of 2,000 audits of texts that no order wrote, no more end below .1 and .05 than chance allows; by t likewise."""
    rng = np.random.default_rng(0)
    found = [audit(*draws(rng, 19)) for _ in range(2000)]
    for alpha in (0.1, 0.05):
        allowed = stats.binom.isf(1e-4, 2000, alpha)
        assert sum(one.pvalue <= alpha + 1e-12 for one in found) <= allowed
        assert sum(10**one.asymptotic.log10_pvalue <= alpha for one in found) <= allowed


def test_trained_models_that_no_order_favours(trained):
    """Any of twenty independent models as the run, any texts, doubles too: 2,000 ranks keep their level."""
    rng = np.random.default_rng(1)
    records = [Record(id=str(row), text=text) for row, text in enumerate(_texts())]
    answers = [scoring.score(records, suspect=trained.model(f"independent-{number}")) for number in range(20)]
    totals = np.array([[row.logprob.astype(float).sum() for row in scores.rows] for scores in answers])
    pvalues = []
    for _ in range(2000):
        picked = rng.integers(len(records), size=rng.integers(1, 6))
        phi = totals[:, picked].sum(axis=1)
        run = rng.integers(20)
        pvalues.append((1 + np.count_nonzero(np.delete(phi, run) >= phi[run])) / 20)
    for alpha in (0.1, 0.05):
        assert sum(pvalue <= alpha + 1e-12 for pvalue in pvalues) <= stats.binom.isf(1e-4, 2000, alpha)
    run = answers.pop(7)
    whole = audit(run, answers)
    phi = totals.sum(axis=1)
    assert whole.pvalue == (1 + np.count_nonzero(np.delete(phi, 7) >= phi[7])) / 20


def _texts():
    return [f"The value of item {number} is {'not ' * (number % 4)}used in the statement." for number in range(30)]


def test_the_real_model_is_a_gate():
    """The original-order re-run must be nearer to the real model than every reshuffled one, or there is no verdict."""
    rng = np.random.default_rng(0)
    run, reruns = draws(rng, 19, gain=0.1)
    terms = np.concatenate([row.logprob for row in run.rows])
    near = said("real", terms + rng.normal(0, 0.01, size=len(terms)))
    far = said("real", np.concatenate([row.logprob for row in reruns[3].rows]) + 0.001)
    assert audit(run, reruns, model=near).verdict == "evidence"
    assert audit(run, reruns, model=run).verdict == "evidence"
    failed = audit(run, reruns, model=far)
    assert failed.verdict == "inconclusive"
    assert [gate.name for gate in failed.gates if not gate.passed] == ["original-rerun-is-the-run"]
    assert reshuffle.UNCHECKED in audit(run, reruns).caveats
    assert reshuffle.UNCHECKED not in failed.caveats


def test_the_shuffle_record_is_a_gate():
    """Re-runs of an order that was no random shuffle end inconclusive; of a claimed one, with a caveat."""
    run, reruns = draws(np.random.default_rng(0), 19, gain=0.1)
    verdicts = {}
    for kind in ("full", "claimed", "buffer", "none"):
        found = audit(run, reruns, made=_made(run, reruns, kind))
        verdicts[kind] = found.verdict
        assert any("owner's claim" in note for note in found.caveats) == (kind == "claimed")
        assert reshuffle.UNSEEN not in found.caveats
    assert verdicts == {"full": "evidence", "claimed": "evidence", "buffer": "inconclusive", "none": "inconclusive"}
    assert reshuffle.UNSEEN in audit(run, reruns).caveats


def _made(run, reruns, kind="full"):
    places = [Path(scores.suspect["suspect"]) for scores in (run, *reruns)]
    weights = {place: scores.suspect["weights"] for place, scores in zip(places, (run, *reruns), strict=True)}
    return Reruns(
        folder=Path("made"),
        settings={"shuffle": {"kind": kind}, "inputs": {"transcript": "t"}, "seed": 4},
        sha256="made",
        original=places[0],
        reshuffled=tuple(places[1:]),
        weights=weights,
    )


def test_bad_input_is_refused():
    """A re-run twice, one alone, answers to another question or of other re-runs, no numbers: each has its sentence."""
    run, reruns = draws(np.random.default_rng(0), 3)

    def refused(kind, said_of_it, *arguments, **how):
        with pytest.raises(kind, match=said_of_it):
            audit(*arguments, **how)

    refused(InputError, "1 reshuffled re-runs", run, reruns[:1])
    refused(InputError, "same weights as rerun-0", run, [*reruns, reruns[0]])
    refused(
        InputError,
        "rerun-0 has the same weights as run",
        run,
        [said("rerun-0", [0] * 92, weights="weights of run")] * 2,
    )
    refused(MismatchError, "another tokenizer", run, [*reruns, said("x", [-1] * 92, tokenizer="u")])
    refused(MismatchError, "another dtype", run, [*reruns, said("x", [-1] * 92, dtype="bfloat16")])
    refused(MismatchError, "another rendering", run, [*reruns[1:], replace(reruns[0], rendering="tokens")])
    refused(MismatchError, "another inputs", run, [*reruns[1:], replace(reruns[0], inputs={"corpus": "d"})])
    refused(MismatchError, "scored another text.*one", run, [*reruns[1:], replace(reruns[0], rows=reruns[0].rows[:4])])
    refused(MismatchError, "a text twice", run, [*reruns[1:], replace(reruns[0], rows=reruns[0].rows[:1] * 5)])
    refused(InputError, "NaN or infinite", run, [*reruns, said("x", [np.nan] * 92)])
    refused(MismatchError, "not of the re-runs in made", run, reruns[:2], made=_made(run, reruns))
    empty = [replace(scores, rows=(Score(id="e", logprob=np.empty(0, dtype=np.float32)),)) for scores in (run, *reruns)]
    refused(InputError, "no token that could be scored", empty[0], empty[1:])
    refused(ValueError, "alpha is 0", run, reruns, alpha=0.0)


def test_log_likelihoods_computed_elsewhere(tmp_path):
    """Columns of one file, a sum a text, are re-runs too; one named twice is still refused."""
    rows = [f"{row},{-row},{-row - 0.5},{-row - 0.25}" for row in range(1, 6)]
    (tmp_path / "phi.csv").write_text("\n".join(["id,run,one,two", *rows]) + "\n")
    records = [Record(id=str(row), text="x") for row in range(1, 6)]
    run, one, two = (
        scoring.score(records, suspect=suspects.load(f"column:{tmp_path / 'phi.csv'}:{name}"))
        for name in ("run", "one", "two")
    )
    found = audit(run, [one, two], alpha=0.4)
    assert found.pvalue == 1 / 3
    assert found.effect.name == "nats-per-text"
    assert found.effect.value == pytest.approx(0.375)
    with pytest.raises(InputError, match="same weights"):
        audit(run, [one, one])


def test_evidence_survives_the_disk_and_the_report(tmp_path):
    """What was found is read back as it was, and the report admits it and says what was asked."""
    run, reruns = draws(np.random.default_rng(0), 19, gain=0.1)
    found = audit(run, reruns, made=_made(run, reruns), model=run)
    evidence.write(tmp_path / "e.json", found)
    assert evidence.to_json(evidence.read(tmp_path / "e.json")) == evidence.to_json(found)
    page = report.render([found]).html
    assert "trained again" in page
    assert "their texts" in page
    short = report.render([audit(run, reruns, alpha=0.001)]).html
    assert "needs 999 re-runs" in short


def test_a_copied_rerun_is_no_draw():
    """One re-run under nineteen names is inconclusive, however far the run stands above it; the level is checked."""
    rng = np.random.default_rng(4)
    run, other = (rng.normal(-1, 0.1, sum(LENGTHS)) + lift for lift in (0.5, 0.0))
    found = audit(said("run", run), [said(f"r{row}", other) for row in range(19)])
    assert (found.pvalue, found.verdict) == (0.05, "inconclusive")
    assert [gate.name for gate in found.gates if not gate.passed] == ["reruns-differ"]
    assert found.gates[1].detail.startswith("2 different answers of 20 re-runs")

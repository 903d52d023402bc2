"""Rows are picked for what they do, owners claim what the benchmark says that they claim, and endings are counted."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cli.demo import prose
from provenance import training

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))
claims, runs, stage, table = (
    importlib.import_module(f"selecting.{name}") for name in ("claims", "runs", "stage", "table")
)
selected = importlib.import_module("survival.derivations.selected_data")
Settings = importlib.import_module("selecting.settings").Settings
selection = importlib.import_module("selection")

SMALL = Settings(
    runs=1, pool=40, picked=20, phases=3, characters=120_000, base=60, own=24, innocents=1, vocabulary=320,
    layers=1, width=32, resamples=99,
)  # fmt: skip
SHAPE = training.Shape(layers=1, width=32, heads=2, vocabulary=64, context=64)


@pytest.fixture(scope="module")
def pupil():
    """A model that has learned a little of rows of 64 tokens, all different."""
    rows = np.random.default_rng(0).integers(1, 64, size=(40, 32)).astype(np.int32)
    return selected.pupil(training.new_model(SHAPE, seed=0), rate=3e-3).learn(rows)


def _rows(kind, *, count, rng):
    """Rows that walk up the lower half of the tokens, or the upper: what one teaches is little use for the other."""
    first = rng.integers(31, size=(count, 1))
    return ((first + np.arange(32)) % 31 + 1 + 31 * kind).astype(np.int32)


def test_influence_is_what_a_step_does_and_leaves_no_trace(pupil):
    """A step on a row of the reference kind helps more than one on another row, and the learner stays as it was."""
    rng, before = np.random.default_rng(1), [weight.clone() for weight in pupil.model.parameters()]
    reference, like, unlike = (_rows(kind, count=12, rng=rng) for kind in (1, 1, 0))
    found = [selected.influences(pupil, rows, reference) for rows in (like, unlike)]
    assert found[0].min() > found[1].max()
    assert all(torch.equal(*pair) for pair in zip(before, pupil.model.parameters(), strict=True))


def test_a_phase_picks_what_helps_and_nothing_twice(pupil):
    """Of a pool that is half of the reference kind, most picks are of that kind, and no row is picked twice."""
    rng = np.random.default_rng(2)
    pool = np.concatenate([_rows(kind, count=40, rng=rng) for kind in (1, 0)])
    picked = selected.pick(pupil, pool, _rows(1, count=12, rng=rng), 20, rng=rng)
    assert len(set(picked.tolist())) == 20
    assert np.count_nonzero(picked < 40) >= 15


def test_phases_share_one_optimizer(pupil):
    """Learning rows in two phases is learning them in one, and the pupil that was there before has not changed."""
    rows = _rows(1, count=32, rng=np.random.default_rng(3))
    before = selected.loss(pupil.model, rows)
    once, twice = pupil.learn(rows), pupil.learn(rows[:16]).learn(rows[16:])
    for one, other in zip(once.model.parameters(), twice.model.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    assert selected.loss(once.model, rows) < before == selected.loss(pupil.model, rows)


@pytest.fixture(scope="module")
def conducted(tmp_path_factory):
    """A stage in small and one run on it."""
    folder = tmp_path_factory.mktemp("selecting")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selected, "PROBED", 12)
        made = stage.make(folder, SMALL)
        yield made, runs.conduct(made, 0), folder


def test_every_order_keeps_to_the_phases(conducted):
    """Shuffled, best first or best last: a phase eats its own picks, and all orders eat the same rows."""
    _, run, _ = conducted
    for order in run.orders.values():
        assert (run.phase[order] == run.phase).all()
        assert sorted(order.tolist()) == list(range(60))
    assert run.orders[runs.BEST_FIRST].tolist() == list(range(60))
    assert run.orders[runs.BEST_LAST][:3].tolist() == [19, 18, 17]
    assert len(np.unique(run.rows, axis=0)) == 60


def test_a_run_is_the_same_again(conducted):
    """The same seed and number give the same picks, orders and answers; another number gives other pools."""
    made, run, _ = conducted
    again = runs.conduct(made, 0)
    assert np.array_equal(again.rows, run.rows)
    assert not np.array_equal(runs.pools(made, 0), runs.pools(made, 1))
    for name, said in run.derived.items():
        assert [row.logprob.tolist() for row in said.rows] == [row.logprob.tolist() for row in again.derived[name].rows]


def test_owners_claim_what_they_are_said_to(conducted, tmp_path):
    """Strata are phases where so recorded, none where one shuffle is claimed; positions are where rows were eaten."""
    made, run, _ = conducted
    last, true, full, first, _ = (
        claims.written(run, claim, made, tmp_path / f"{number}.parquet") for number, claim in enumerate(claims.CLAIMS)
    )
    assert [len(one.ids) for one in (last, true, full)] == [20, 60, 60]
    assert {*last.strata} == {"phase 2"}
    assert min(int(at[0]) for at in last.positions) == 40
    assert [*true.strata] == [f"phase {phase}" for phase in run.phase]
    assert (full.shuffle["kind"], {*full.strata}) == ("full", {None})
    eaten = run.orders[runs.SHUFFLED]
    assert [int(full.positions[row][0]) for row in eaten.tolist()] == list(range(60))
    assert [int(at[0]) for at in first.positions] == list(range(60))


def test_an_order_that_is_said_to_be_none_is_no_evidence(conducted, tmp_path):
    """Rows eaten best first, and recorded as no shuffle, end inconclusive whatever p is."""
    made, run, _ = conducted
    honest = replace(claims.CLAIMS[3], kind="none")
    transcript = claims.written(run, honest, made, tmp_path / "none.parquet")
    found = claims.order.audit(transcript, run.derived[runs.BEST_FIRST], resamples=99)
    assert found.verdict == "inconclusive"


def test_every_claim_is_audited_against_everybody(conducted):
    """Five claims, two references, one derived model and three innocents; and what picks share lies between 0 and 1."""
    made, run, folder = conducted
    endings = list(claims.audit(run, made, folder))
    assert len({(one.claim, one.reference, one.suspect) for one in endings}) == len(endings) == 5 * 2 * 4
    found = runs.shared(made, 0)
    assert 0 < found["another order"] <= 1
    assert found["by chance"] == 0.5


def _ending(pvalue, *failed):
    return claims.Ending(claim="c", reference="r", suspect="s", run=0, pvalue=pvalue, failed=failed)


def test_endings_are_counted():
    """Of four audits two have p at most .05, and one of them is held back by a gate."""
    endings = [_ending(0.05), _ending(0.001, "drift:length"), _ending(0.4), _ending(0.6, "drift:length")]
    (row,) = table.rows(endings)
    assert row["rejected"] == {"0.05": 2, "0.001": 1}
    assert row["evidence"] == {"0.05": 1, "0.001": 0}
    assert (row["inconclusive"], row["gates"]) == (2, {"drift:length": 2})


def test_the_table_tells_innocents_from_the_derived():
    """A line a claim and reference: shares of the derived model, shares of innocents by kind, and what was seen."""
    suspects = (claims.DERIVED, "one kind", "another kind")
    endings = [replace(_ending(0.001, *failed), suspect=name) for name in suspects for failed in ((), ("reach",))]
    figures = {"rows": table.rows(endings), "wanted": [0.2, 0.4], "pools": 0.2, "shared": {"another order": 0.5}}
    text = table.markdown(figures)
    assert "| c | r | 2 of 2 [0.158, 1.000] | 1 of 2 [0.013, 0.987] | 1 of 2 [0.013, 0.987] | 4 of 4 [" in text
    assert "| 1 / 1 | reach 3 |" in text
    assert "one kind / another kind" in text
    assert "phase by phase 0.200, 0.400" in text
    assert "another order 0.500" in text


def test_too_little_prose_is_told(tmp_path, monkeypatch):
    """Pools that the prose cannot fill are refused, with what is missing."""
    texts = prose.gather(None, characters=SMALL.characters)
    monkeypatch.setattr(stage.prose, "gather", lambda *_arguments, **_named: texts)
    with pytest.raises(stage.InputError, match="rows for pools"):
        stage.make(tmp_path, replace(SMALL, pool=5_000))


def test_the_command_explains_itself(monkeypatch, capsys):
    """selection.py says what it measures and what can be asked of it."""
    monkeypatch.setattr(sys, "argv", ["selection.py", "--help"])
    with pytest.raises(SystemExit, match="0"):
        selection.main()
    told = capsys.readouterr().out
    assert all(name in told for name in ("--runs", "--pool", "--picked", "MATES"))

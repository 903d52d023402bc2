"""How many rows an order audit needs, from an effect or a pilot."""

import dataclasses
import math

import numpy as np
import pytest

from provenance import plans
from provenance.audits import planning, sizing
from provenance.errors import InputError, MismatchError
from provenance.evidence import Statistic
from provenance.records import Window
from provenance.stats import power
from provenance.transcripts.tables import Transcript

GOAL = sizing.Goal(family=("theirs",), power=0.9, alpha=0.001)


def _transcript(rows, *, sha256="a" * 64):
    """A transcript that is only counted."""
    return Transcript(
        path="run.parquet",
        sha256=sha256,
        ids=tuple(map(str, range(rows))),
        positions=tuple(np.array([row]) for row in range(rows)),
        tokens=(None,) * rows,
        texts=("x",) * rows,
        strata=(None,) * rows,
        units=(None,) * rows,
        tokenizer=None,
        run_length=rows,
        position_unit="example",
        shuffle={"kind": "full"},
    )


@pytest.fixture
def trial(evidence_of):
    """Give a function that makes a pilot of 400 rows with z = 6 and a window of its own."""

    def make(**changes):
        given = {"suspect": {"suspect": "hf:p", "weights": "p", "window": "8:24"}, **changes}
        return sizing.Trial(evidence=evidence_of(**given), sha256="c" * 64, path="pilot.json")

    return make


def test_a_stated_effect():
    """From ρ: the rows of the closed form, 64 tokens a row, decided by permutation."""
    plan = planning.order(GOAL, effect=0.1)
    assert plan.needed == power.units_needed(power.order_drift(0.1), alpha=0.001, power=0.9, tests=7)
    assert (plan.units, plan.queries, plan.tokens) == (plan.needed, plan.needed, 64 * plan.needed)
    assert (plan.decided_by, plan.resamples, plan.window) == ("permutation", 9_999, "8:56")
    assert 0.9 <= plan.reached < 0.901


def test_whoever_only_writes_settles_the_window_of_all():
    """A reference that only writes is asked to go on after 32 tokens, and so is everybody."""
    goal = dataclasses.replace(GOAL, references=({"suspect": "text-only:http://localhost#m"},))
    assert planning.order(goal, effect=0.1).window == "32:32"


def test_too_few_rows():
    """A transcript smaller than needed: all its rows, and the chance that they give."""
    plan = planning.order(GOAL, effect=0.1, transcript=_transcript(1000))
    assert plan.units == 1000 < plan.needed
    assert plan.reached == power.power(power.order_drift(0.1), 1000, alpha=0.001, tests=7)
    assert plan.inputs == {"transcript": "a" * 64}


def test_several_claims_share_the_level():
    """Holm's first step asks for α/K, and K claims get 20 K/α resamples."""
    goal = dataclasses.replace(GOAL, family=plans.claims(["4"]))
    plan = planning.order(goal, effect=0.1)
    assert plan.needed == power.units_needed(power.order_drift(0.1), alpha=0.00025, power=0.9, tests=7)
    assert plan.resamples == 80_000


def test_many_claims_of_many_rows_are_decided_by_bets():
    """Where resampling would take too long the e-value decides, and its rows are planned."""
    fixed = planning.order(GOAL, effect=0.03)
    plan = planning.order(dataclasses.replace(GOAL, family=plans.claims(["30"])), effect=0.03)
    assert (plan.decided_by, plan.stop_early) == ("evalue", False)
    assert plan.needed > fixed.needed


def test_a_pilot_on_other_rows(trial):
    """Drift is z/√n; window and references are the pilot's; at the lower end of its interval more rows are needed."""
    plan = planning.order(GOAL, pilot=trial(), transcript=_transcript(5000, sha256="d" * 64))
    assert plan.effect.value == pytest.approx(6 / 20)
    assert plan.effect.low == pytest.approx((6 - 1.645) / 20)
    assert plan.needed == power.units_needed(power.Drift(mean=0.3), alpha=0.001, power=0.9, tests=7)
    assert plan.needed_if_low == power.units_needed(power.Drift(mean=4.355 / 20), alpha=0.001, power=0.9, tests=7)
    assert (plan.window, plan.tokens) == ("8:24", 32 * plan.needed)
    assert plan.references == ({"suspect": "hf:other", "weights": "o"},)
    assert (plan.decided_by, plan.pilot.same_input, plan.pilot.n) == ("permutation", False, 400)


def test_a_pilot_on_the_same_rows_leaves_a_bet(trial):
    """Rows that were looked at are tested again by a bet over all rows, with the pilot's seed, window, references."""
    goal = dataclasses.replace(GOAL, seed=1, references=({"suspect": "another"},))
    plan = planning.order(goal, pilot=trial(seed=5), transcript=_transcript(5000))
    assert (plan.stop_early, plan.decided_by, plan.seed, plan.window) == (True, "evalue", 5, "8:24")
    assert plan.references == ({"suspect": "hf:other", "weights": "o"},)
    assert (plan.units, plan.queries, plan.select) == (5000, 5000, "uniform")
    assert plan.needed < 5000
    with pytest.raises(MismatchError, match="window 32:32, and the pilot's rows were scored by 8:24"):
        planning.order(goal, pilot=trial(), transcript=_transcript(5000), window=Window(start=32, length=32))


def test_too_few_rows_are_refused():
    """Nine rows are inconclusive whatever comes out, so there is nothing to plan."""
    with pytest.raises(InputError, match="9 rows or documents; expected at least 10"):
        planning.order(GOAL, effect=0.3, transcript=_transcript(9))


@pytest.mark.parametrize(
    ("selection", "given", "select"),
    [(None, None, "recent"), ({"rule": "uniform"}, None, "uniform"), ({"rule": "uniform"}, "recent", "recent")],
)
def test_rows_are_chosen_as_in_the_pilot(trial, selection, given, select):
    """Which rows are asked is said, or as in the pilot, or half near the end of the run."""
    assert planning.order(GOAL, pilot=trial(selection=selection), select=given).select == select
    assert planning.order(GOAL, effect=0.1, select=given).select == given or "recent"


def test_a_weak_pilot(trial):
    """A pilot whose interval reaches down to no effect has no number for its lower end."""
    weak = trial(statistic=Statistic(name="recency-max:linear", value=1.6), pvalue=0.09, log10_pvalue=math.log10(0.09))
    assert planning.order(GOAL, pilot=weak).needed_if_low is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"audit": "watermark"}, "pilot.json: pilot of watermark; expected evidence of an audit of order"),
        (
            {"pvalue": 0.4, "log10_pvalue": math.log10(0.4)},
            "the pilot saw no effect that chance does not give (p = 0.4)",
        ),
        ({"statistic": Statistic(name="recency-max:linear", value=-1.0)}, "saw no effect"),
    ],
)
def test_pilots_that_tell_nothing(trial, changes, message):
    """A pilot of another audit, or one that saw nothing, is refused by name."""
    with pytest.raises(InputError) as caught:
        planning.order(GOAL, pilot=trial(**changes))
    assert message in str(caught.value)


@pytest.mark.parametrize("effect", [None, 0.0, -0.1, 1.0, math.nan, math.inf])
def test_effects_that_are_none(effect):
    """A ρ that is not above 0, its null value, and below 1 is refused."""
    with pytest.raises(InputError, match="Spearman's ρ"):
        planning.order(GOAL, effect=effect)


def test_an_effect_too_small_for_a_bet():
    """What the smallest stake loses on is no ground for stopping early, and the message says what to do."""
    with pytest.raises(InputError, match=r"too small for a bet: its smallest stake, 0\.02"):
        planning.order(dataclasses.replace(GOAL, stop_early=True), effect=0.002)


@pytest.mark.parametrize(("alpha", "wanted"), [(0.0, 0.9), (1.0, 0.9), (0.001, 0.0), (0.001, 1.0), (math.nan, 0.9)])
def test_levels_and_powers_that_cannot_be(alpha, wanted):
    """Both lie strictly between 0 and 1."""
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        sizing.Goal(family=("a",), power=wanted, alpha=alpha)


def test_stopping_early_takes_more_rows_at_most_and_fewer_mostly():
    """The bet needs more rows than the fixed test to have the same power."""
    early = planning.order(dataclasses.replace(GOAL, stop_early=True), effect=0.1)
    fixed = planning.order(GOAL, effect=0.1)
    assert fixed.needed < early.needed < 2 * fixed.needed
    assert early.reached >= 0.9

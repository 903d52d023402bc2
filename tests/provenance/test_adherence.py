"""Evidence beside its plan."""

import dataclasses
import json
from pathlib import Path

import pytest

from provenance import adherence, evidence, plans, report
from provenance.errors import MismatchError
from provenance.evidence import Statistic
from provenance.plans import Pilot
from provenance.report import family

PLAN = plans.read(Path(__file__).parents[2] / "fixtures" / "golden" / "plan.json")
EARLY = {"stopped": {"asked": 60, "of": 400, "looks": 3}, "decided_by": "evalue", "pvalue_method": "betting"}


def test_as_planned(evidence_of):
    """Evidence that kept to its plan says so, names the plan's digest and family, and survives its file."""
    held = adherence.hold(evidence_of(), PLAN)
    expected = {"sha256": PLAN.sha256, "family": ["theirs", "hf:another"], "as_planned": True, "deviations": []}
    assert held.plan == expected
    assert evidence.from_json(json.loads(json.dumps(evidence.to_json(held)))) == held
    assert dataclasses.replace(held, plan=None) == evidence_of()


def test_a_page_counts_the_planned_family(evidence_of):
    """One finding of a plan of two claims is adjusted for two."""
    assert family.judge([adherence.hold(evidence_of(), PLAN)], alpha=0.001).size == 2


def test_a_page_tells_of_deviations(evidence_of):
    """A reader meets them among the limits of the finding, and each beside the plan; of a kept plan nothing is said."""
    strayed, kept = (adherence.hold(evidence_of(seed=seed), PLAN) for seed in (7, 0))
    page = report.render([strayed]).html
    assert "The audit was not done as planned (1 deviation; they stand beside the plan)." in page
    assert "seed: planned 0, done 7" in page
    assert "not done as planned" not in report.render([kept]).html


@pytest.mark.parametrize(
    ("changes", "deviation"),
    [
        ({"alpha": 0.01}, "level: planned 0.001, done 0.01"),
        ({"seed": 7}, "seed: planned 0, done 7"),
        ({"suspect": {"suspect": "hf:theirs", "window": "8:8"}}, "window: planned 32:32, done 8:8"),
        ({"suspect": {"suspect": "hf:theirs", "window": None}}, "window: planned 32:32, done all tokens"),
        ({"pvalue_method": "permutation(resamples=999)"}, "resamples: planned 9999, done 999"),
        ({"references": ()}, "references: planned other, done none"),
        ({"references": ({"suspect": "hf:third"},)}, "references: planned other, done third"),
        ({"n": 300}, "size: planned 400, done 300"),
        ({"n": 500}, "size: planned 400, done 500"),
        ({"statistic": Statistic(name="spearman", value=1.0)}, "statistic: planned recency-max, done spearman"),
        ({"selection": {"rule": "recent", "queries": 400}}, "selection: planned uniform, done recent"),
        ({"selection": {"rule": "uniform", "queries": 90}}, "texts asked: planned 400, done 90"),
        (
            {"suspect": {"suspect": "hf:fourth", "window": "32:32"}},
            "suspect: hf:fourth is none of those planned (theirs, hf:another)",
        ),
    ],
)
def test_each_deviation_is_named(evidence_of, changes, deviation):
    """Whatever differs from the plan is said in plain words, and nothing else is."""
    held = adherence.hold(evidence_of(**changes), PLAN)
    assert held.plan["deviations"] == [deviation]
    assert held.plan["as_planned"] is False


def test_stopping_is_a_part_of_the_plan(evidence_of):
    """A bet that stopped early where a fixed number was planned deviates twice; planned, it does not."""
    early = evidence_of(n=60, **EARLY)
    assert adherence.hold(early, PLAN).plan["deviations"] == [
        "deciding p-value: planned permutation, done evalue",
        "stopping: planned when all was asked, done as soon as the capital suffices",
    ]
    assert adherence.hold(early, dataclasses.replace(PLAN, stop_early=True, decided_by="evalue")).plan["as_planned"]


def test_a_row_too_short_was_asked_all_the_same(evidence_of):
    """Rows dropped for the window are no deviation from the number planned."""
    found = evidence_of(n=397, caveats=("3 rows were too short for the window and took no part.",))
    assert adherence.hold(found, PLAN).plan["as_planned"]


def test_a_reference_is_its_weights(evidence_of):
    """A reference known by its weights may lie elsewhere."""
    plan = dataclasses.replace(PLAN, references=({"suspect": "hf:elsewhere", "weights": "o"},))
    assert adherence.hold(evidence_of(), plan).plan["as_planned"]


def test_pilot_rows_stay_out_of_a_fixed_test(evidence_of):
    """A plan for any transcript whose pilot was of this one: a fixed test counts its rows twice, a bet does not."""
    pilot = Pilot(sha256="c" * 64, inputs={"transcript": "a" * 64}, n=100, seed=0, same_input=False)
    plan = dataclasses.replace(PLAN, inputs={}, pilot=pilot)
    assert adherence.hold(evidence_of(), plan).plan["deviations"] == [
        "pilot: its rows are among those tested, and a fixed test counts what was looked at before"
    ]
    bet = dataclasses.replace(plan, decided_by="evalue", stop_early=True)
    assert adherence.hold(evidence_of(n=60, **EARLY), bet).plan["as_planned"]


def test_suspects_that_were_only_counted(evidence_of):
    """A plan that counts its claims fits any suspect."""
    plan = dataclasses.replace(PLAN, family=("claim 1 of 2", "claim 2 of 2"))
    assert adherence.hold(evidence_of(suspect={"suspect": "hf:x", "window": "32:32"}), plan).plan["as_planned"]


def test_a_plan_for_another_transcript(evidence_of):
    """It is refused: no list of deviations makes it this audit's plan."""
    with pytest.raises(MismatchError, match="plan for another transcript"):
        adherence.hold(evidence_of(inputs={"transcript": "d" * 64}), PLAN)


def test_all_shifts_are_no_deviation(evidence_of):
    """Of very many rows every shift is looked at, however many resamples were planned."""
    method = "shifts(resamples=399, max_of=7, strata=1); score=mean"
    assert adherence.hold(evidence_of(pvalue_method=method), PLAN).plan["as_planned"]
    fewer = evidence_of(pvalue_method="permutation(resamples=99, max_of=7, strata=1); score=mean")
    assert adherence.hold(fewer, PLAN).plan["deviations"] == ["resamples: planned 9999, done 99"]

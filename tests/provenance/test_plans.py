"""The plan file: the same bytes for the same plan, and nothing that cannot be."""

import dataclasses
import json
from pathlib import Path

import pytest

from provenance import plans, storage
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.plans import Assumed, Pilot

PLAN = plans.read(Path(__file__).parents[2] / "fixtures" / "golden" / "plan.json")
PILOT = Pilot(sha256="c" * 64, inputs={"transcript": "a" * 64}, n=100, seed=3, same_input=True)


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        dataclasses.replace(PLAN, window=None, inputs={}, references=()),
        dataclasses.replace(PLAN, pilot=PILOT, stop_early=True, decided_by="evalue", needed_if_low=900),
        dataclasses.replace(PLAN, audit="watermark", alternates=1, effect=Assumed(name="win-rate", value=0.6, low=0.5)),
    ],
)
def test_reading_gives_what_was_written(tmp_path, plan):
    """``read(write(plan)) == plan``, the bytes are the same each time, and the digest is the file's."""
    for name in ("a.json", "b.json"):
        plans.write(tmp_path / name, plan)
        assert plans.read(tmp_path / name) == plan
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert storage.digest(tmp_path / "a.json") == plan.sha256


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "provtool/plan/2"}, "schema is 'provtool/plan/2'"),
        ({"alpha": 1.0}, "alpha 1.0"),
        ({"alpha": "small"}, "plan.alpha is 'small'; expected a finite number"),
        ({"power": 0}, "power 0"),
        ({"units": 0}, "units 0"),
        ({"seed": -1}, "seed -1"),
        ({"resamples": 9}, "resamples 9"),
        ({"family": []}, "its family names no claim"),
        ({"family": ["a", "a"]}, "or one twice"),
        ({"inputs": {"transcript": "abc"}}, "'abc' is no digest"),
        ({"stop_early": True}, "stops early and is not decided by the e-value"),
        ({"decided_by": "luck"}, "expected one of permutation, evalue"),
        ({"audit": "overlap"}, "expected one of order, watermark"),
        ({"window": "3"}, "window '3'"),
        ({"references": [{}]}, "a reference has no name"),
        ({"more": 1}, "unknown field 'more' in Plan"),
        ({"effect": None}, "plan.effect is 'None'; expected an object"),
    ],
)
def test_damaged_plans_are_refused(tmp_path, changes, message):
    """Whatever cannot be in a plan is named, with the file."""
    plans.write(tmp_path / "p.json", PLAN)
    value = json.loads((tmp_path / "p.json").read_text())
    (tmp_path / "p.json").write_text(json.dumps({**value, **changes}))
    with pytest.raises(InputError) as caught:
        plans.read(tmp_path / "p.json")
    assert message in str(caught.value)


def test_a_plan_without_a_field(tmp_path):
    """A missing field is named."""
    plans.write(tmp_path / "p.json", PLAN)
    value = json.loads((tmp_path / "p.json").read_text())
    del value["select"]
    (tmp_path / "p.json").write_text(json.dumps(value))
    with pytest.raises(ArtifactError, match="field 'select' of Plan is missing"):
        plans.read(tmp_path / "p.json")


@pytest.mark.parametrize(
    ("audit", "inputs", "message"),
    [
        ("watermark", {"ledger": "a" * 64}, "plan of an audit of order"),
        ("order", {"transcript": "d" * 64}, "plan for another transcript"),
        ("order", {"scores": "a" * 64}, "plan for another transcript"),
    ],
)
def test_a_plan_for_something_else(audit, inputs, message):
    """A plan of another audit, or for another transcript, is refused."""
    with pytest.raises(MismatchError, match=message):
        plans.check(PLAN, audit=audit, inputs=inputs)


def test_a_plan_for_anything():
    """A plan that was made without a transcript fits any; scores beside the transcript do not matter."""
    plans.check(dataclasses.replace(PLAN, inputs={}), audit="order", inputs={"transcript": "d" * 64})
    plans.check(PLAN, audit="order", inputs={"transcript": "a" * 64, "scores": "e" * 64})


def test_claims():
    """Claims are named by suspects or counted; none twice, and never none."""
    assert plans.claims(["x", "y"]) == ("x", "y")
    assert plans.claims([]) == ("claim 1 of 1",)
    assert len(plans.claims(["7"])) == 7
    for wrong in (["x", "x"], ["0"]):
        with pytest.raises(InputError):
            plans.claims(wrong)

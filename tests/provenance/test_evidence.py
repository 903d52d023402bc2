"""Evidence, its JSON contract and the verdict rule."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import evidence
from provenance.errors import ArtifactError
from provenance.evidence import Effect, Evidence, Gate, LogP, Plot, Statistic

PASSED, FAILED = Gate(name="a", passed=True, detail=""), Gate(name="b", passed=False, detail="")
CONTRACT = {
    "audit",
    "claim",
    "null",
    "verdict",
    "alpha",
    "n",
    "pvalue",
    "log10_pvalue",
    "pvalue_method",
    "decided_by",
    "asymptotic",
    "bound",
    "evalue",
    "statistic",
    "effect",
    "auroc",
    "tpr_at_fpr",
    "gates",
    "caveats",
    "commitments",
    "signals",
    "plots",
    "inputs",
    "suspect",
    "references",
    "plan",
    "seed",
    "tool",
}


def _evidence(**change):
    plain = {
        "audit": "order",
        "claim": "c",
        "null": "n",
        "verdict": "evidence",
        "alpha": 0.001,
        "n": 10,
        "pvalue": 1e-4,
        "log10_pvalue": -4.0,
        "pvalue_method": "permutation(resamples=9999)",
        "decided_by": "permutation",
        "statistic": Statistic(name="s", value=1.0),
        "effect": Effect(name="e", value=0.1, low=0.0, high=0.2, level=0.95),
        "gates": (PASSED,),
        "caveats": ("said",),
        "commitments": (),
        "inputs": {"transcript": "0" * 64},
        "suspect": {"suspect": "hf:x"},
        "references": (),
        "seed": 0,
    }
    return Evidence(**{**plain, **change})


@pytest.mark.parametrize(
    ("log10_pvalue", "log10_floor", "gates", "expected"),
    [
        (-4, -4, [PASSED], "evidence"),
        (-3, -4, [], "evidence"),
        (-2.9, -4, [PASSED], "no-evidence"),
        (-4, -4, [PASSED, FAILED], "inconclusive"),
        (-2.9, -4, [FAILED], "inconclusive"),
        (-2, -2, [PASSED], "inconclusive"),
        (-500, -math.inf, [PASSED], "evidence"),
    ],
)
def test_the_verdict_rule(log10_pvalue, log10_floor, gates, expected):
    """Gates and floors only withhold; p decides the rest, and p = α is evidence."""
    found = evidence.verdict(log10_pvalue=log10_pvalue, log10_floor=log10_floor, alpha=0.001, gates=gates)
    assert found == expected


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 2])
def test_alpha_is_a_level(alpha):
    """A level outside (0, 1) is a caller's mistake."""
    with pytest.raises(ValueError, match="alpha"):
        evidence.verdict(log10_pvalue=-4, log10_floor=-4, alpha=alpha, gates=[])


def test_what_is_no_number_decides_nothing():
    """A p-value or floor that could not be computed is a caller's mistake, not the absence of evidence."""
    for numbers in ({"log10_pvalue": math.nan, "log10_floor": -4}, {"log10_pvalue": -4, "log10_floor": math.nan}):
        with pytest.raises(ValueError, match="no number"):
            evidence.verdict(**numbers, alpha=0.001, gates=[])


@pytest.mark.parametrize("pvalue", [0.0, -0.1, 1.5, math.nan])
def test_no_other_pvalue_is_written(tmp_path, pvalue):
    """Evidence with a p-value that no test gives never reaches a file."""
    with pytest.raises(ValueError, match="p-value"):
        evidence.write(tmp_path / "e.json", _evidence(pvalue=pvalue))
    assert not list(tmp_path.iterdir())


def test_pvalue_is_never_zero():
    """What float64 would round to 0 stays above it."""
    assert evidence.positive(0.0) > 0
    assert evidence.positive(0.5) == 0.5


def test_the_contract_names_every_field():
    """The fields that others script against are all there, under their names."""
    assert {part.name for part in dataclasses.fields(Evidence)} >= CONTRACT
    assert next(iter(evidence.to_json(_evidence()))) == "schema"


@given(
    number=st.floats(-5000, 0),
    text=st.text(max_size=20),
    curve=st.none() | st.lists(st.floats(-1e9, 1e9), max_size=5).map(tuple),
)
def test_read_gives_what_was_written(number, text, curve):
    """from_json(to_json(x)) is x, through real JSON text."""
    whole = _evidence(
        claim=text,
        asymptotic=LogP(log10_pvalue=number, method=text),
        plots=None if curve is None else (Plot(name="p", x=curve, y=curve, low=curve),),
        evalue=evidence.EValue(log10=number, log10_max=0.0, method=""),
    )
    assert evidence.from_json(json.loads(json.dumps(evidence.to_json(whole)))) == whole


def test_files_round_trip(tmp_path):
    """read(write(x)) is x, and the same evidence is the same bytes."""
    for name in ("a.json", "b.json"):
        evidence.write(tmp_path / name, _evidence())
    assert evidence.read(tmp_path / "a.json") == _evidence()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gates": 3}, r"evidence\.gates is '3'; expected a list"),
        ({"plots": [{"name": "p", "x": 5, "y": []}]}, r"evidence\.plots\[0\]\.x is '5'; expected a list"),
        ({"plots": [{"name": "p", "x": [1, "a"], "y": []}]}, r"plots\[0\]\.x\[1\] is 'a'; expected a finite number"),
        ({"caveats": "said"}, r"evidence\.caveats is 'said'; expected a list"),
        ({"gates": [{"name": "a", "passed": "no", "detail": ""}]}, "passed is 'no'; expected true or false"),
        ({"verdict": "guilty"}, r"verdict is 'guilty'; expected one of evidence, no-evidence, inconclusive"),
        ({"verdict": ["evidence"]}, "expected one of evidence"),
        ({"n": 1.5}, r"evidence\.n is '1\.5'; expected a whole number"),
        ({"n": True}, r"evidence\.n is 'True'; expected a whole number"),
        ({"pvalue": "0.1"}, r"pvalue is '0\.1'; expected a finite number"),
        ({"pvalue": None}, "expected a finite number"),
        ({"claim": 1}, "claim is '1'; expected text"),
        ({"inputs": []}, r"inputs is '\[\]'; expected an object"),
        ({"inputs": {"transcript": 1}}, r"evidence\.inputs\.transcript is '1'; expected text"),
        ({"references": ["hf:x"]}, r"references\[0\] is 'hf:x'; expected an object"),
        ({"effect": 1.0}, r"evidence\.effect is '1\.0'; expected an object"),
        ({"pvalue": math.nan}, "NaN is no number"),
        ({"surprise": 1}, "unknown field 'surprise'"),
        ({"schema": "provtool/evidence/9"}, "schema is 'provtool/evidence/9'"),
    ],
)
def test_foreign_fields_are_refused(tmp_path, change, message):
    """Wrong types, unknown fields and other schemas are one clear line, never dropped."""
    path = tmp_path / "e.json"
    path.write_text(json.dumps({**evidence.to_json(_evidence()), **change}))
    with pytest.raises(ArtifactError, match=message):
        evidence.read(path)


def test_missing_fields_are_refused(tmp_path):
    """A field that the contract asks for and the file lacks is named."""
    path = tmp_path / "e.json"
    path.write_text(json.dumps({key: item for key, item in evidence.to_json(_evidence()).items() if key != "null"}))
    with pytest.raises(ArtifactError, match="field 'null' of Evidence is missing"):
        evidence.read(path)

"""What a person at a terminal sees of one finding."""

from pathlib import Path

import pytest

from cli import summary, terminal
from provenance.evidence import Auroc, Effect, EValue, Evidence, Gate, LogP, Statistic


def sample(**changed):
    """Make one finding."""
    usual = {
        "audit": "order",
        "claim": "c",
        "null": "n",
        "verdict": "evidence",
        "alpha": 0.001,
        "n": 12345,
        "pvalue": 1e-4,
        "log10_pvalue": -4.0,
        "pvalue_method": "m",
        "decided_by": "permutation",
        "statistic": Statistic(name="s", value=1.0),
        "effect": Effect(name="spearman-rho", value=0.3, low=0.2, high=0.4, level=0.95),
        "asymptotic": LogP(log10_pvalue=-71.23, method="m"),
        "evalue": EValue(log10=40.0, log10_max=41.5, method="m"),
        "auroc": Auroc(value=0.7, low=0.6, high=0.8, level=0.95, positives=5, negatives=5),
        "gates": (Gate(name="length", passed=True, detail="d"),),
        "caveats": (),
        "commitments": (),
        "inputs": {},
        "suspect": {"suspect": "hf:m"},
        "references": (),
        "seed": 0,
    }
    return Evidence(**{**usual, **changed})


@pytest.fixture
def shown(capsys, monkeypatch):
    """Give a function that shows a finding in 80 columns and gives the lines."""
    monkeypatch.setattr(terminal.STDERR, "_width", 80)

    def show(evidence, path="e.json"):
        summary.show(evidence, Path(path))
        captured = capsys.readouterr()
        assert captured.out == ""
        return [line.rstrip() for line in captured.err.splitlines()]

    return show


def test_a_finding_is_ten_aligned_lines(shown):
    """Verdict, numbers with intervals and the file, one a line, aligned."""
    assert shown(sample()) == [
        "audit       order of hf:m",
        "verdict     evidence at alpha 0.001",
        "p-value     0.0001, decided by permutation, n = 12,345",
        "asymptotic  p ≈ 10^-71.2, extrapolated",
        "e-value     10^40.0, highest 10^41.5",
        "effect      0.300 [0.200, 0.400], Spearman’s ρ",
        "AUROC       0.700 [0.600, 0.800]",
        "gates       1 of 1 passed",
        "evidence    e.json",
    ]


def test_brackets_are_only_brackets(shown):
    """Names and paths that look like markup are shown as they are."""
    gate = Gate(name="[bold]", passed=False, detail="[/] and [red]more[/red]")
    lines = shown(sample(suspect={"suspect": "hf:[/a]"}, gates=(gate,), verdict="inconclusive"), "[/b]/[x].json")
    assert lines[0].endswith("order of hf:[/a]")
    assert lines[-2].endswith("failed: [bold]: [/] and [red]more[/red]")
    assert lines[-1].endswith("[/b]/[x].json")


def test_a_long_name_stays_in_its_column(shown):
    """What is wider than the terminal goes on below itself, and no line is wider than 80."""
    lines = shown(sample(suspect={"suspect": "hf:" + "x" * 150}))
    assert max(map(len, lines)) <= 80
    assert lines[1].startswith("            hf:x")


def test_what_was_not_computed_has_no_line(shown):
    """Without AUROC, e-value, bound and file there are no such lines."""
    lines = shown(sample(auroc=None, evalue=None, asymptotic=None), "-")
    assert [line.split()[0] for line in lines] == ["audit", "verdict", "p-value", "effect", "gates"]


@pytest.mark.parametrize(("value", "text"), [(0.0, "1"), (-2.0, "0.01"), (-3.999, "0.0001"), (-12.34, "10^-12.3")])
def test_small_numbers_are_spelt_by_their_logarithm(value, text):
    """Where a decimal number can be read it is one; beyond, a power of ten."""
    assert summary.log10(value) == text


@pytest.mark.parametrize(
    ("stopped", "line"),
    [
        (
            {"asked": 1200, "of": 5000, "looks": 9, "tokens_asked": 1, "tokens_saved": 4096, "replayed": False},
            "asked       1,200 of 5,000 in 9 looks; 4,096 tokens saved",
        ),
        (
            {"asked": 1200, "of": 5000, "looks": 9, "tokens_asked": 1, "tokens_saved": 4096, "replayed": True},
            "asked       1,200 of 5,000 in 9 looks; 4,096 tokens would have been saved",
        ),
        ({"asked": 5, "of": 5, "looks": 1, "replayed": False}, "asked       5 of 5 in 1 looks"),
    ],
)
def test_an_early_stop_says_what_it_saved(shown, stopped, line):
    """How much was asked of how much, and the tokens saved where they are known."""
    assert line in shown(sample(stopped=stopped))


def test_rows_that_were_chosen_are_said(shown):
    """By which rule, and out of how many."""
    assert "rows        300 of 4,000, recent" in shown(sample(selection={"rule": "recent", "asked": 300, "of": 4000}))

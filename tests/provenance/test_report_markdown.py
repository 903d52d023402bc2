"""The page said in Markdown."""

import html
import re

import pytest
from markupsafe import Markup

from provenance import report
from provenance.evidence import Commitment, Effect, Evidence, Gate, Statistic
from provenance.report import markdown, names

DIGEST = "d" * 64


def sample(**changes):
    """Make a finding of which nothing is hard to say."""
    given = {
        "audit": "order",
        "claim": "The suspect derives from the run.",
        "null": "Positions are exchangeable.",
        "verdict": "evidence",
        "alpha": 0.001,
        "n": 400,
        "pvalue": 1e-4,
        "log10_pvalue": -4.0,
        "pvalue_method": "permutation(resamples=9999, max_of=7)",
        "decided_by": "permutation",
        "statistic": Statistic(name="recency-max:exp(h=0.1)", value=7.5),
        "effect": Effect(name="spearman-rho", value=0.3, low=0.2, high=0.4, level=0.95),
        "gates": (Gate(name="enough-rows", passed=True, detail="400 rows"),),
        "caveats": ("Another run may share its order.",),
        "commitments": (),
        "inputs": {"transcript": DIGEST, "scores": "e" * 64},
        "suspect": {"suspect": "hf:m", "kind": "hf"},
        "references": (),
        "seed": 0,
    }
    return Evidence(**{**given, **changes})


def said(*findings):
    """Say findings in Markdown."""
    return report.render(findings).markdown


def test_says_what_the_page_says():
    """Every sentence of the four answers, every number, check, caveat, digest and the command stand in both."""
    page = report.render([sample()])
    spoken = " ".join(html.unescape(re.sub(r"<[^>]*>", "", page.html)).split())
    written = " ".join(page.markdown.split())
    for part in (
        *("The model’s memory of the training examples follows", "about once in 10,000 audits", "enough rows", DIGEST),
        *("Another run may share its order.", "--resamples 9999", "Spearman’s ρ", "0.2 to 0.4 (95 %)"),
    ):
        assert part in written
        assert part in spoken


@pytest.mark.parametrize("name", ["a|b", "<script>x</script>", "[x](http://y)", "# h", "`c`", "*s*", "![i](j)", "a\nb"])
def test_names_stay_names(name):
    """Whatever a suspect or a file is called, it makes no link, heading, column or code."""
    shown = said(sample(suspect={"suspect": name}))
    line = next(line for line in shown.splitlines() if line.startswith("Suspect: "))
    assert not re.search(r"(?<!\\)[|<>\[\]`*#]", line.removeprefix("Suspect: "))
    assert len([one for one in shown.splitlines() if one.startswith("#")]) == 2


def test_rows_have_as_many_cells_as_their_head():
    """A table is a table: every row has the cells that its head announces."""
    shown = said(sample(), sample(claim="One | more.", suspect={"suspect": "x|y"}))
    for table in re.findall(r"(?:^\|.*\n)+", shown, flags=re.MULTILINE):
        rows = [re.findall(r"(?<!\\)\|", row) for row in table.splitlines()]
        assert len({len(row) for row in rows}) == 1


def test_powers_are_raised():
    """Powers of ten stand raised, digests as code."""
    assert markdown.plain(Markup("2.0 × 10<sup>−239</sup>")) == "2.0 × 10⁻²³⁹"
    assert markdown.plain(Markup("<code>{}</code>").format("a<b")) == "`a<b`"


@pytest.mark.parametrize(
    ("commitments", "sentence"),
    [
        ((), "there is no commitment to them"),
        ((Commitment(artifact="run.parquet", root="r", time="2026-01-01"),), "no witness dated that"),
        (
            (Commitment(artifact="run.parquet", root="r", time="2026-01-01", witness="Stamps Ltd, 2026-01-02"),),
            "run.parquet existed, as it is now, at the time that a witness gives: Stamps Ltd, 2026-01-02.",
        ),
    ],
)
def test_what_was_fixed_beforehand(commitments, sentence):
    """Who says since when the audited files exist stands on the page and in Markdown."""
    shown = report.render([sample(commitments=commitments)])
    assert sentence in shown.markdown
    assert sentence in shown.html


def test_quantities_have_words():
    """No raw name of a quantity reaches a reader, known or not."""
    assert "spearman-rho" not in said(sample())
    assert names.said("nats_of-something") == "nats of something"

"""Figures that a page quotes stand in the page that measured them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
QUOTING = ("conclusions.md", "threats.md", "comparison.md", "statistics.md")
LINK = re.compile(r"\]\(([\w-]+\.md)(?:#[\w-]+)?\)")
POWER = re.compile(r"\b10\^-?\d+(?:\.\d+)?")
SHARE = re.compile(r"(?<![\w.^,])(?:0?\.\d+|\d+(?:\.\d+)?(?= %))(?!\w|\.\d)")
NEGATIVE = re.compile(r"(?<![\w^.-])-\d+\.\d+")
COUNT = re.compile(r"(?<![\d.])\d+ of (?:the )?\d+(?![\d.])")
LEVELS = {".001", ".01", ".05", ".1", ".5"}
"""Levels and the coin's own AUROC are nobody's measurement."""


def _plain(text):
    """Write numbers in one way: ASCII minus, 10^x for 1ex, and no zero before the point."""
    text = re.sub(r"1e(-?\d)", r"10^\1", text.replace("−", "-").replace("*", ""))
    return re.sub(r"(?<![\d.^])0\.(?=\d)", ".", text)


def _units(page):
    """Give each row of a table, each item of a list and each paragraph, as one string."""
    return [
        " ".join(unit.split())
        for block in re.split(r"\n\s*\n", page)
        for unit in re.split(r"\n(?=[|>]|\d+\. |- )", block)
    ]


def _figures(unit):
    """Give the powers of ten, shares, negative numbers and counts that a unit quotes, its links left out."""
    text = LINK.sub("]", _plain(unit))
    found = [pattern.findall(text) for pattern in (POWER, SHARE, NEGATIVE, COUNT)]
    return {figure for figures in found for figure in figures} - LEVELS


def _holds(source, figure):
    return re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d)", source) is not None


@pytest.mark.parametrize("name", QUOTING)
def test_quoted_figures_stand_where_the_line_points(name):
    """Each figure of a paragraph, item or row that names other pages stands in one of them."""
    astray, checked = [], 0
    for unit in _units((DOCS / name).read_text("utf-8")):
        pages = {page for page in LINK.findall(unit) if page not in QUOTING}
        if not pages:
            continue
        source = _plain("\n".join((DOCS / page).read_text("utf-8") for page in sorted(pages)))
        figures = _figures(unit)
        checked += len(figures)
        astray += [
            f"{figure} of {unit[:60]!r}: not in {sorted(pages)}" for figure in figures if not _holds(source, figure)
        ]
    assert not astray
    assert checked >= 3


def test_the_demo_is_quoted_as_the_readme_shows_it():
    """What the page on conclusions says of `make demo` is the README's output."""
    readme = _plain((ROOT / "README.md").read_text("utf-8").partition("console\n")[2].partition("```")[0])
    page = _plain((DOCS / "conclusions.md").read_text("utf-8"))
    figures = {figure for unit in _units(page) if "make demo" in unit for figure in _figures(unit)}
    assert {".0001", ".044", ".81", ".641", ".682", "10^44.7", "10^46.5", "10^-48.5"} <= figures
    assert not [figure for figure in figures if not _holds(readme, figure)]


def test_a_wrong_figure_would_be_seen():
    """The comparison of figures tells 10^-7.4 from 10^-7, .48 from .048, and 19 of 50 from 9 of 50."""
    source = _plain("bounds of 1e-7.4 and 0.048; 19 of 50")
    assert _holds(source, "10^-7.4")
    assert not _holds(source, "10^-7.5")
    assert not _holds(source, "10^-7.40")
    assert not _holds(source, ".48")
    assert not _holds(source, "9 of 50")

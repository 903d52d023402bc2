"""The pictures and examples of docs/statistics.md are what the tool itself computes."""

import doctest
import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "scripts"))
pictures = importlib.import_module("pictures")
bets, lotteries, peers, shuffles, verdicts = (
    importlib.import_module(f"picturing.{name}") for name in ("bets", "lotteries", "peers", "shuffles", "verdicts")
)
PAGE = (ROOT / "docs" / "statistics.md").read_text("utf-8")
IDENTIFIERS = re.compile(r"(?<=[\"#])[mp][0-9a-f]{10}\b")
EXAMPLES = re.findall(r"^```pycon\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_page_s_examples_give_what_they_say():
    """Every example of the page, run in order, prints what stands there."""
    assert len(EXAMPLES) >= 12
    test = doctest.DocTestParser().get_doctest("\n".join(EXAMPLES), {}, "statistics.md", "docs/statistics.md", 0)
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test)
    assert runner.tries >= 30
    assert runner.failures == 0


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_picture_lies_in_the_docs_as_it_is_drawn(name):
    """Each picture of the page is what the script draws today, but for identifiers, which are hashes of last digits."""
    assert f"(pictures/{pictures.file_name(name)})" in PAGE
    drawn = pictures.draw(pictures.PICTURES[name])
    kept = (pictures.OUT / pictures.file_name(name)).read_text("utf-8")
    assert IDENTIFIERS.sub("", drawn) == IDENTIFIERS.sub("", kept)


def test_pictures_say_nothing_of_when_or_where_they_were_made():
    """No picture holds a date, a version, or a reference to another server."""
    for path in pictures.OUT.glob("statistics-*.svg"):
        text = path.read_text("utf-8")
        assert "Matplotlib v" not in text
        assert "<dc:date>" not in text
        assert not re.findall(r'href="http', text)


def test_no_picture_lies_there_without_a_place():
    """The folder holds the page's pictures and no others of that name."""
    names = {path.name for path in pictures.OUT.glob("statistics-*.svg")}
    assert (
        names
        == set(re.findall(r"statistics-\w+\.svg", PAGE))
        == {pictures.file_name(name) for name in pictures.PICTURES}
    )


def test_five_of_120_orders_give_as_much():
    """The p of five rows is the share of all their orders, counted without the tool."""
    every = shuffles.arrangements()
    assert len(every) == 120
    assert np.count_nonzero(every >= 54) == 5
    assert shuffles.enumerated_pvalue() == 5 / 120


def test_the_family_sees_what_the_line_does_not():
    """A fading trace stands out of the largest of seven, whose own null lies further right than that of one curve."""
    whole, line = shuffles.family()
    assert (whole.pvalue, line.pvalue) == (0.0005, 0.0125)
    assert (round(whole.statistic, 1), round(line.statistic, 1)) == (4.3, 2.3)
    assert np.median(whole.null) > np.median(line.null) + 0.3


@pytest.mark.parametrize("wins", [60, 70, 80, 95, 100])
def test_the_bound_is_never_below_the_truth(wins):
    """The Chernoff bound lies above the exact tail of fair coins, and redraws never go below their floor."""
    row = lotteries.tails_of(wins)
    assert row.exact <= row.bound + 1e-9
    assert row.redrawn >= -4


def test_the_tails_are_those_of_the_page():
    """What the page's table says of 80 wins, and of the normal tail at 70, is what comes out."""
    row, fewer = lotteries.tails_of(80), lotteries.tails_of(70)
    assert [round(value, 1) for value in (row.redrawn, row.bound, row.exact, row.normal)] == [-4.0, -8.4, -9.3, -9.0]
    assert [round(value, 2) for value in (fewer.normal, fewer.exact)] == [-4.50, -4.41]
    for number in ("−4.0 (floor)", "−8.4", "−9.3", "−9.0", "−4.50 for −4.41"):
        assert number in PAGE


def test_looking_often_accuses_and_the_bet_does_not():
    """By the end a p that was looked at every ten coins accused four times its level, the bet less than its level."""
    _, accused, reached = bets.looks()
    assert (round(accused[-1], 2), round(reached[-1], 3)) == (0.21, 0.034)
    assert accused[-1] > 4 * bets.ALPHA
    assert reached[-1] <= stats.binom.isf(1e-4, bets.NULLS, bets.ALPHA) / bets.NULLS


def test_chunks_accuse_and_books_do_not():
    """At twenty chunks a book Welch's test accuses a quarter of the innocent; exchanging books keeps the level."""
    welch, exchanged = peers.rejected(20)
    assert (round(welch, 2), round(exchanged, 3)) == (0.27, 0.067)
    assert exchanged <= stats.binom.isf(1e-4, peers.NULLS, peers.ALPHA) / peers.NULLS


def test_z_of_nine_reruns_off_a_normal_accuses_one_in_a_hundred():
    """The share below .001 is the simulated one, and t holds its level."""
    normal, exact = peers.below(0.001, (9,))
    assert round(100 * normal[0], 1) == 1.2
    assert exact[0] == pytest.approx(0.001)
    draws = np.random.default_rng(0).standard_normal((100_000, 10))
    z = (draws[:, 0] - draws[:, 1:].mean(axis=1)) / draws[:, 1:].std(axis=1)
    assert np.mean(z > stats.norm.isf(0.001)) == pytest.approx(normal[0], abs=0.0015)


def test_gates_are_those_that_were_measured():
    """The page's table of gates holds the numbers of the page on calibration, row by row."""
    table = PAGE.partition("## Gates")[2].partition("\n| what is wrong")[2]
    for row in verdicts.gated().values():
        assert re.search(rf"\| {row.without:.3f} \| (\*\*)?{row.accused:.4f}".replace("0.", r"\."), table)


def test_the_true_area_is_that_of_the_shift():
    """Two normal groups half a standard deviation apart have the AUROC that is drawn, inside the last interval."""
    assert abs(verdicts.TRUTH - stats.norm.cdf(verdicts.SHIFT / np.sqrt(2))) < 5e-4
    last = verdicts.areas()[-1]
    assert last.low < verdicts.TRUTH < last.high

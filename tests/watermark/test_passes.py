"""Stopping early: fair in every pass, and what several passes come to together."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from provenance import scoring
from provenance.audits import stopping
from provenance.stats import betting, redraw
from watermark import likelihoods, passes
from watermark.ledger import Ledger, Marked
from watermark.sites import Site

SUSPECT = {"suspect": "table", "kind": "column", "weights": "table"}


def book_of(documents, variants):
    """Make a ledger of documents with one site whose wordings all differ."""
    site = Site(start=0, end=2, word="w0", options=tuple(f"w{index}" for index in range(variants)))
    marked = tuple(
        Marked(id=f"d{number}", text=f"w0 {number}", sites=(site,), chosen=(tuple(range(variants)),))
        for number in range(documents)
    )
    settings = {"strategy": "keyed", "key_id": "k"}
    return Ledger(
        path=Path("l"), sha256="l", documents=marked, release="r", key_id="k", recipient=None, settings=settings
    )


def scores_of(table, name="table"):
    """Say a table of numbers, one row a document, one column a variant."""
    rows = tuple(
        scoring.Score(id=f"d{row}", set="r", variant=column, logprob=np.float32([number]))
        for row, numbers in enumerate(table)
        for column, number in enumerate(numbers)
    )
    suspect = {**SUSPECT, "suspect": name, "weights": name}
    return scoring.Scores(rows=rows, suspect=suspect, rendering="sum", window=None, inputs={}, sha256=name)


def _walked(table, *, most=None, alpha, references=()):
    """Walk over a table; gives where it stopped and the capital there."""
    book = book_of(*np.shape(table))
    walk = passes.lay_out([book], most=most)
    pick = [scoring.picker(one) for one in (scores_of(table), *references)]

    def ask(records):
        return pick[0](records), tuple(one(records) for one in pick[1:])

    def capital(scores, others, steps):
        return passes.capital(walk, scores, others, steps)

    early = stopping.walk([step.records for step in walk.steps], ask, capital=capital, alpha=alpha)
    return early, passes.capital(walk, early.scores, early.references, early.asked)


def test_weights_sum_to_one():
    """However many passes can be walked, their shares sum to 1; a single one has all."""
    for variants in range(2, 8):
        walk = passes.lay_out([book_of(3, variants)])
        assert sum(walk.weights.values()) == pytest.approx(1)
    assert passes.lay_out([book_of(3, 5)], most=6).weights == {2: 1.0}
    assert passes.lay_out([book_of(3, 5)], most=7).weights == {2: 0.5, 3: 0.5}


def test_pairs_come_first_and_nothing_is_asked_twice():
    """The first pass asks two variants of each document, later ones one more."""
    walk = passes.lay_out([book_of(3, 4)])
    assert [step.variants for step in walk.steps] == [2] * 3 + [3] * 3 + [4] * 3
    asked = [(record.id, record.variant) for step in walk.steps for record in step.records]
    assert len(asked) == len(set(asked)) == 12
    assert walk.counts(4) == {step.name: 3 if at == 0 else 2 for at, step in enumerate(walk.steps[:3])}


def test_the_path_of_a_prefix_is_a_prefix_of_the_path():
    """What was bet on fewer steps stays as it was when more are asked, with references and with passes."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(70, 3))
    walk, scores = passes.lay_out([book_of(70, 3)]), scores_of(table)
    references = [scores_of(table + rng.normal(size=(70, 3)), "reference")]
    whole = passes.capital(walk, scores, references, 140).path
    for steps in (1, 15, 16, 17, 32, 33, 70, 71, 90, 103, 139):
        part = passes.capital(walk, scores, references, steps).path
        assert part == pytest.approx(whole[:steps], abs=1e-12)


def _deals(table):
    """Give the table under every deal, variants exchanged within documents."""
    orders = list(itertools.permutations(range(len(table[0]))))
    for dealt in itertools.product(orders, repeat=len(table)):
        yield [[row[at] for at in order] for row, order in zip(table, dealt, strict=True)]


TINY = [[0.0, 1.0, 2.5], [0.3, 0.3, -1.0], [4.0, 1.0, 0.0]]


def test_stopped_capital_of_the_first_pass_is_expected_to_be_one():
    """Over all deals the mean capital, stopped when it has first grown by a tenth, is exactly 1: no bet is unfair."""
    stopped = []
    for table in _deals(TINY):
        walk = passes.lay_out([book_of(3, 3)], most=6)
        path = passes.capital(walk, scores_of(table), [], 3).path
        first = next((value for value in path if value > np.log(1.1)), path[-1])
        stopped.append(np.exp(first))
    assert np.mean(stopped) == pytest.approx(1, abs=1e-9)


def test_two_passes_hold_every_level():
    """Over all deals P(p ≤ α) ≤ α at every α, for the walk that goes on to a second pass unless it may stop."""
    bests = []
    for table in _deals(TINY):
        walk = passes.lay_out([book_of(3, 3)])
        bests.append(passes.capital(walk, scores_of(table), [], 6).log10_max)
    pvalues = np.minimum(1, 10.0 ** -np.array(bests))
    for alpha in np.unique(pvalues):
        assert np.mean(pvalues <= alpha) <= alpha + 1e-12


def test_null_walks_hold_their_level():
    """Of 2,000 redealt tables, looked at up to 40 times over two passes, no more stop than may."""
    rng = np.random.default_rng(1)
    base = rng.standard_t(3, size=(40, 3)) * rng.lognormal(size=(40, 1))
    base[::5, 1] = base[::5, 0]
    other = base + rng.normal(size=base.shape)
    walk = passes.lay_out([book_of(40, 3)])
    stopped = dict.fromkeys((0.1, 0.05, 0.01), 0)
    for _ in range(2000):
        order = rng.permuted(np.tile(np.arange(3), (40, 1)), axis=1)
        table, reference = (np.take_along_axis(one, order, axis=1) for one in (base, other))
        peak = max(walk.weights[variants] * np.exp(_path(table, reference, variants).max()) for variants in (2, 3))
        for alpha in stopped:
            stopped[alpha] += peak >= 1 / alpha
    assert all(count <= stats.binom.isf(1e-4, 2000, alpha) for alpha, count in stopped.items())


def _path(table, reference, variants):
    """Give the path of one pass over rows as they stand, as `passes.capital` computes it."""
    answers = likelihoods.Answers(own=table[:, :variants], references=(reference[:, :variants],))
    return betting.redraw_capital(redraw.centre(likelihoods.walked_residual(answers))).path


def test_a_planted_mark_stops_soon_and_a_missing_one_never():
    """Two hundred documents with a clear mark need a fraction; without one all are asked, in all passes."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(200, 3))
    none, _ = _walked(table, alpha=0.001)
    assert none.asked == none.of == 400
    table[:, 0] += 1.5
    early, capital = _walked(table, alpha=0.001)
    assert early.asked < 100
    assert capital.log10_max >= 3
    assert early.looks <= stopping.LOOKS


def test_a_second_pass_finds_what_the_first_could_not():
    """Where documents run out, more alternates of the same ones give what pairs did not."""
    rng = np.random.default_rng(3)
    table = rng.normal(size=(40, 5)) + np.array([1.6, 0, 0, 0, 0])
    pairs, short = _walked(table, most=80, alpha=1e-8)
    early, capital = _walked(table, alpha=1e-8)
    assert (pairs.asked, short.log10_max < 8) == (40, True)
    assert early.asked > 40
    assert capital.log10_max >= 8


def test_edited_documents_can_only_lower_the_capital():
    """A document edited after embedding counts as its least favourable deal, whichever was dealt."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(30, 2)) + np.array([1.0, 0])
    walk, scores = passes.lay_out([book_of(30, 2)]), scores_of(table)
    plain = passes.capital(walk, scores, [], 30).path
    handicapped = passes.capital(walk, scores, [], 30, edited={("r", "d3"), ("r", "d4")}).path
    assert (handicapped <= plain + 1e-12).all()
    assert handicapped[-1] < plain[-1]


def test_a_reference_that_is_not_asked_yet_is_no_error():
    """Answers about the first steps are enough for their capital; later ones are missed by name."""
    table = np.random.default_rng(0).normal(size=(20, 2))
    walk, scores = passes.lay_out([book_of(20, 2)]), scores_of(table)
    asked = {(record.id, record.variant) for step in walk.steps[:5] for record in step.records}
    part = dataclasses.replace(scores, rows=tuple(row for row in scores.rows if (row.id, row.variant) in asked))
    assert len(passes.capital(walk, part, [], 5).path) == 5
    with pytest.raises(Exception, match="no score of document"):
        passes.capital(walk, part, [], 6)

"""Asking no more than it takes: the walk, what it keeps, and why its p-value holds at any stop."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from provenance import scoring
from provenance.audits import decision, examples, order, stopping, traces
from provenance.errors import MismatchError
from provenance.records import Record, Score
from provenance.scoring import Scores
from provenance.stats import betting
from provenance.transcripts.tables import Transcript


def _transcript(positions, **given):
    """A transcript that was never written."""
    times = tuple(np.atleast_1d(np.asarray(where)) for where in positions)
    count = len(times)
    columns = {
        "ids": tuple(f"row-{row}" for row in range(count)),
        "tokens": tuple((row % 7, row % 5, row % 3) for row in range(count)),
        "strata": (None,) * count,
        "units": (None,) * count,
    } | given
    return Transcript(
        path=Path("run.parquet"),
        sha256="run",
        positions=times,
        texts=(None,) * count,
        tokenizer=None,
        run_length=1 + int(max(where.max() for where in times)),
        position_unit="example",
        shuffle={"kind": "full"},
        **columns,
    )


def _scores(ids, values, *, name="suspect"):
    rows = tuple(Score(id=id_, logprob=np.float32([value])) for id_, value in zip(ids, values, strict=True))
    suspect = {"suspect": name, "kind": "fake", "weights": name}
    return Scores(rows=rows, suspect=suspect, rendering="sum", window=None, inputs={}, sha256=name)


def _ask(*tables):
    """Answer from whole tables, the suspect's first."""
    first, *others = (scoring.picker(table) for table in tables)
    return lambda records: (first(records), tuple(other(records) for other in others))


def _traced(rows, *, strength, seed=0):
    """A transcript, a suspect that likes its late rows, and a reference."""
    rng = np.random.default_rng(seed)
    transcript = _transcript(rng.permutation(rows))
    hard, late = rng.normal(size=rows), np.array([at.item() for at in transcript.positions]) / rows
    values = hard + strength * late + rng.normal(size=rows)
    return transcript, _scores(transcript.ids, values), _scores(transcript.ids, hard, name="reference")


def test_looks_grow_geometrically():
    """Never more than forty, the first after 32 units, the last after all, each at least a tenth later."""
    for units in (1, 31, 33, 1000, 10**6):
        seen = stopping.looks(units)
        assert (seen[0], seen[-1]) == (min(32, units), units)
        assert len(seen) <= stopping.LOOKS
        assert list(seen) == sorted(set(seen))
    assert max(b / a for a, b in itertools.pairwise(stopping.looks(10**6))) < 1.4
    assert min(b / a for a, b in itertools.pairwise(stopping.looks(1000))) > 1.08


def test_the_walk_stops_at_the_first_look_that_suffices():
    """Nothing is asked after it; every unit is asked whole, and once."""
    asked = []

    def ask(records):
        asked.extend(record.id for record in records)
        return _scores([record.id for record in records], [0.0] * len(records)), ()

    blocks = [[Record(id=f"{unit}-{row}", tokens=(1, 2, 3)) for row in range(2)] for unit in range(1000)]
    found = stopping.walk(blocks, ask, capital=_reaching(100), alpha=0.01)
    assert found.asked == min(look for look in stopping.looks(1000) if look >= 100)
    assert asked == [record.id for block in blocks[: found.asked] for record in block]
    assert [row.id for row in found.scores.rows] == asked
    assert (found.tokens_asked, found.tokens_saved) == (6 * found.asked, 6 * (1000 - found.asked))


def _reaching(units):
    """Capital that reaches 1000 once so many units were asked."""
    return lambda _scores, _references, asked: betting.Capital(
        path=np.log([1000.0 if asked >= units else 1.0]), method="given"
    )


def test_a_walk_that_finds_nothing_asks_everything():
    """It ends with nothing saved."""
    transcript, scores, reference = _traced(200, strength=0.0)
    found = order.ask_early(transcript, _ask(scores, reference), window=None)
    assert (found.asked, found.of, found.tokens_saved) == (200, 200, 0)


def test_texts_are_estimated_by_the_mean_and_sums_are_not_counted():
    """Where a suspect reads text only those asked are counted; of a column of sums without ids nothing is known."""

    def walk(rendering):
        def ask(records):
            table = _scores([record.id for record in records], [0.0] * len(records))
            rows = tuple(dataclasses.replace(row, start=3) for row in table.rows)
            return dataclasses.replace(table, rows=rows, rendering=rendering), ()

        return stopping.walk(
            [[Record(id=str(row), text="x")] for row in range(100)], ask, capital=_reaching(40), alpha=0.5
        )

    assert (walk("text").tokens_asked, walk("text").tokens_saved) == (
        4 * walk("text").asked,
        4 * (100 - walk("text").asked),
    )
    assert "estimated" in walk("text").tokens_method
    assert walk("sum").tokens_asked is None
    assert "tokens_asked" not in walk("sum").summary()


@pytest.mark.parametrize("alpha", [0.0, 1.0, float("nan")])
def test_a_level_outside_0_and_1_is_refused(alpha):
    """1/α would be reached at once or never."""
    with pytest.raises(ValueError, match="alpha"):
        stopping.walk([[Record(id="a")]], _ask(_scores(["a"], [0.0])), capital=_reaching(1), alpha=alpha)


def test_the_early_capital_is_the_beginning_of_the_whole():
    """What has been bet by the stop is what the full audit had bet by then, strata, ties and short rows included."""
    transcript, scores, reference = _traced(400, strength=2.0)
    rows = list(scores.rows)
    for at in (3, 50, 51, 222):
        rows[at] = dataclasses.replace(rows[at], logprob=np.float32([]))
    transcript = dataclasses.replace(
        transcript,
        positions=tuple(at // 8 for at in transcript.positions),
        strata=tuple(str(row % 3) for row in range(400)),
    )
    scores = dataclasses.replace(scores, rows=tuple(rows))
    early = order.ask_early(transcript, _ask(scores, reference), window=None, alpha=0.01)
    assert early.asked < 400
    whole = traces.bet(transcript, examples.gather(transcript, scores, [reference])).path
    part = traces.bet(transcript, examples.gather(transcript, early.scores, early.references, asked=early.asked)).path
    assert part == pytest.approx(whole[: len(part)], abs=1e-9)


def test_units_are_asked_whole():
    """Rows that were shuffled as one are asked in one go, or not at all."""
    transcript, scores, reference = _traced(400, strength=3.0)
    units = tuple(str(row // 4) for row in range(400))
    transcript = dataclasses.replace(
        transcript,
        units=units,
        positions=tuple(np.array([400 - 4 * (row // 4) + row % 4]) for row in range(400)),
        run_length=500,
    )
    rising = dataclasses.replace(
        scores,
        rows=tuple(
            dataclasses.replace(row, logprob=np.float32([-(at // 4) / 20])) for at, row in enumerate(scores.rows)
        ),
    )
    early = order.ask_early(transcript, _ask(rising, reference), window=None)
    assert 32 <= early.asked < early.of == 100
    asked = {row.id for row in early.scores.rows}
    by_unit = {unit: {f"row-{row}" for row in range(400) if units[row] == unit} for unit in units}
    assert all(members <= asked or not members & asked for members in by_unit.values())


def test_a_stopped_bet_is_fair_by_enumeration():
    """Over all arrangements of five tied positions in two strata the capital at the stop has mean 1, exactly."""
    curves = np.array([[0.1, 0.5], [0.1, 0.5], [0.7, 0.2], [0.9, 3.0], [0.9, 3.0]])
    bets, strata, ends = np.array([2.5, -1.25, 2.0, 1.0, -2.5]), np.array([0, 0, 1, 0, 1]), []
    for arrangement in itertools.permutations(range(5)):
        if not all(strata[list(arrangement)] == strata):
            continue
        capital = 0.0
        for asked in (1, 2, 4, 5):
            path = betting.order_capital(bets[:asked], curves[list(arrangement)], strata=strata).path
            capital = path[-1]
            if path.max() >= np.log(1.05):
                break
        ends.append(np.exp(capital))
    assert np.mean(ends) == pytest.approx(1.0, abs=1e-9)
    assert len({round(end, 9) for end in ends}) > 2


def test_null_audits_that_may_stop_hold_their_level():
    """Of 2,000 nulls, with ties and duplicates, looked at up to forty times, as few stop as α allows."""
    rng, audits = np.random.default_rng(0), 2000
    rows = 160
    hard, noise = rng.normal(size=rows), np.repeat(rng.normal(size=rows // 2), 2)
    bets = np.clip(np.round(hard + noise), -2, 2)
    peaks = []
    for _ in range(audits):
        curves = np.column_stack([u := rng.permutation(rows) // 4 / 40, np.exp((u - 1) / 0.1)])
        path, peak = betting.order_capital(bets, curves, strata=np.zeros(rows, dtype=int)).path, 0.0
        for look in stopping.looks(rows):
            peak = path[:look].max()
            if peak >= np.log(100):
                break
        peaks.append(peak)
    for alpha in (0.1, 0.05, 0.01):
        assert np.sum(np.array(peaks) >= -np.log(alpha)) <= stats.binom.isf(1e-4, audits, alpha)


def test_whole_null_audits_that_may_stop_hold_their_level():
    """The same through every step of an audit, 40 times at α = .05."""
    rng, found = np.random.default_rng(1), 0
    transcript, scores, reference = _traced(120, strength=0.0)
    ask = _ask(scores, reference)
    for _ in range(40):
        redrawn = dataclasses.replace(transcript, positions=tuple(rng.permutation(np.arange(120))[:, None]))
        early = order.ask_early(redrawn, ask, window=None, alpha=0.05)
        found += early.asked < early.of
    assert found <= stats.binom.isf(1e-4, 40, 0.05)


def test_the_capital_decides_without_a_floor():
    """P = 1/max E, also far below what shuffles could say; a capital that never grew is p = 1."""
    capital = betting.Capital(path=np.array([0.0, 5000.0, 10.0]), method="given")
    found = decision.by_capital(capital, alpha=1e-9, gates=())
    assert (found["verdict"], found["decided_by"]) == ("evidence", "evalue")
    assert found["log10_pvalue"] == pytest.approx(-5000 / np.log(10))
    assert found["pvalue"] > 0
    none = decision.by_capital(betting.Capital(path=np.array([-1.0]), method="given"), alpha=0.5, gates=())
    assert (none["verdict"], none["pvalue"], none["log10_pvalue"]) == ("no-evidence", 1.0, 0.0)


def test_an_early_audit_says_how_it_stopped():
    """The bet decides, no tail stands beside it, intervals are called nominal, and what was saved is said."""
    transcript, scores, reference = _traced(3000, strength=2.0)
    early = order.ask_early(transcript, _ask(scores, reference), window=None)
    found = order.audit(transcript, early.scores, references=early.references, early=early)
    assert (found.verdict, found.decided_by) == ("evidence", "evalue")
    assert found.pvalue <= 0.001
    assert (found.asymptotic, found.n) == (None, early.asked)
    assert found.stopped == early.summary()
    assert any("nominal" in caveat for caveat in found.caveats)
    assert not any(plot.name == "permutation-null" for plot in found.plots)
    assert early.asked < 1500


def test_answers_of_different_kinds_are_never_joined():
    """Another suspect, another rendering: refused."""
    one = _scores(["a"], [0.0])
    for other in (_scores(["b"], [0.0], name="other"), dataclasses.replace(one, rendering="text")):
        with pytest.raises(MismatchError, match="cannot be pooled"):
            scoring.joined([one, other])


def test_kept_answers_are_picked_by_record():
    """In the order asked; a record that was never scored, or twice, is refused."""
    pick = scoring.picker(_scores(["a", "b", "c"], [1.0, 2.0, 3.0]))
    assert [row.logprob.item() for row in pick([Record(id="c"), Record(id="a")]).rows] == [3.0, 1.0]
    with pytest.raises(MismatchError, match="d"):
        pick([Record(id="d")])
    with pytest.raises(MismatchError, match="twice"):
        scoring.picker(_scores(["a", "a"], [1.0, 2.0]))

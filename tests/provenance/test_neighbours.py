"""What stands together in a run and looks alike was not shuffled singly; what was passes, with strata and ties."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from provenance import scoring
from provenance.audits import gates, neighbours, order
from provenance.records import Score
from provenance.transcripts.tables import Transcript

ROWS, BOOK, STRATUM = 480, 8, "source"


def _gates(found):
    return {gate.name: gate.passed for gate in found.gates if gate.name.startswith("neighbours:")}


def _transcript(positions, rng, *, tokens=True, units=None, strata=None, shuffle="full"):
    """Give rows of books of eight, each book with words of its own beside common ones."""
    common, own = rng.integers(0, 400, size=(ROWS, 24)), rng.integers(0, 30, size=(ROWS, 8))
    words = np.column_stack([common, 1_000 + 30 * (np.arange(ROWS) // BOOK)[:, None] + own])
    return Transcript(
        path=Path("run.parquet"),
        sha256="0",
        ids=tuple(f"r{row}" for row in range(ROWS)),
        positions=tuple(np.atleast_1d(at) for at in positions),
        tokens=tuple(tuple(row.tolist()) for row in words) if tokens else (None,) * ROWS,
        texts=(None,) * ROWS if tokens else tuple(" ".join(f"w{word}" for word in row) for row in words),
        strata=strata or (None,) * ROWS,
        units=units or (None,) * ROWS,
        tokenizer=None,
        run_length=2 * ROWS,
        position_unit="example",
        shuffle={"kind": shuffle},
    )


def _scores(transcript, rng):
    """Give what a suspect says that likes some books better than others, and knows nothing of the order."""
    liked = np.repeat(rng.standard_normal(ROWS // BOOK), BOOK) + rng.standard_normal(ROWS)
    return scoring.Scores(
        rows=tuple(
            Score(id=id_, logprob=np.float32([-3 + value])) for id_, value in zip(transcript.ids, liked, strict=True)
        ),
        suspect={"suspect": "s", "kind": "column", "weights": "s"},
        rendering="sum",
        window=None,
        inputs={},
        sha256=rng.bytes(8).hex(),
    )


def _whole_books(rng, *, of=BOOK):
    return np.argsort(np.argsort(rng.permutation(ROWS // of)[np.arange(ROWS) // of], kind="stable"))


@pytest.mark.parametrize("tokens", [True, False])
@pytest.mark.parametrize("of", [2, BOOK])
def test_whole_books_shuffled_and_not_said_are_inconclusive(of, tokens):
    """Books, or pairs of rows of them, stand together: the words tell, as token ids and as letters."""
    rng = np.random.default_rng(0)
    transcript = _transcript(_whole_books(rng, of=of), rng, tokens=tokens)
    found = order.audit(transcript, _scores(transcript, rng), resamples=99, alpha=0.05)
    assert found.verdict == "inconclusive"
    assert not _gates(found)["neighbours:words"]


def test_books_that_are_said_to_be_units_pass():
    """The same order, with books recorded as what was shuffled, is what it says."""
    rng = np.random.default_rng(0)
    units = tuple(str(row // BOOK) for row in range(ROWS))
    transcript = _transcript(_whole_books(rng), rng, units=units)
    found = order.audit(transcript, _scores(transcript, rng), resamples=99, alpha=0.05)
    assert _gates(found) == {"neighbours:words": True, "neighbours:difficulty": True}


def test_what_was_shuffled_passes():
    """A full shuffle, and one within strata that follow one another with steps that tie and two epochs, both pass."""
    rng = np.random.default_rng(1)
    strata = tuple("early" if row < ROWS // 2 else "late" for row in range(ROWS))
    halves = np.concatenate([rng.permutation(ROWS // 2), ROWS // 2 + rng.permutation(ROWS // 2)])
    for positions, told in (
        (rng.permutation(ROWS), {}),
        (np.column_stack([halves // 8, ROWS + halves // 8]), {"strata": strata, "shuffle": "within-stratum"}),
    ):
        transcript = _transcript(positions, rng, **told)
        found = order.audit(transcript, _scores(transcript, rng), resamples=99, alpha=0.05)
        assert _gates(found) == {"neighbours:words": True, "neighbours:difficulty": True}


def test_of_many_units_blocks_of_neighbours_are_looked_at(monkeypatch):
    """With a limit of 160 units, blocks of 40 still tell whole books from a shuffle."""
    monkeypatch.setattr(neighbours, "MOST", 160)
    monkeypatch.setattr(neighbours, "BLOCK", 40)
    rng = np.random.default_rng(2)
    for positions, passed in ((_whole_books(rng), False), (rng.permutation(ROWS), True)):
        transcript = _transcript(positions, rng)
        found = order.audit(transcript, _scores(transcript, rng), resamples=99, alpha=0.05)
        assert _gates(found)["neighbours:words"] == passed


def test_a_gate_withholds_one_finding_in_a_thousand():
    """Of 2,000 shuffles of real-looking rows hardly any fails either gate; a row without content fails none."""
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((60, 4)) ** 3
    failed = sum(not gates.neighbours("words", [rng.permutation(rows)], rng=rng).passed for _ in range(2_000))
    assert failed <= 9
    bare = _transcript(rng.permutation(ROWS), rng, tokens=False)
    bare = dataclasses.replace(bare, texts=(None,) * ROWS)
    found = order.audit(bare, _scores(bare, rng), resamples=99, alpha=0.05)
    assert _gates(found) == {"neighbours:words": True, "neighbours:difficulty": True}


@pytest.mark.parametrize("strata", [1, 40])
def test_of_many_units_some_are_looked_at(monkeypatch, strata):
    """However many strata there are, about as many units are looked at as are allowed, in runs of neighbours."""
    monkeypatch.setattr(neighbours, "MOST", 100)
    monkeypatch.setattr(neighbours, "BLOCK", 20)
    rng = np.random.default_rng(5)
    transcript = _transcript(rng.permutation(ROWS), rng, strata=tuple(str(row % strata) for row in range(ROWS)))
    found = order.audit(transcript, _scores(transcript, rng), resamples=99)
    assert all(_gates(found).values())
    layout = dataclasses.make_dataclass("Units", ["positions", "strata"])
    units = layout(tuple(transcript.positions), np.arange(ROWS) % strata)
    groups = list(neighbours._groups(dataclasses.make_dataclass("Trace", ["units"])(units)))
    assert sum(map(len, groups)) <= 100
    for group in groups:
        assert len(set((group % strata).tolist())) == 1
        assert np.all(np.diff([transcript.positions[unit][0] for unit in group.tolist()]) > 0)

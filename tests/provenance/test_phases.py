"""What of a phase may change places with what."""

import itertools
from collections import Counter

import numpy as np
import pytest

from provenance import transcripts
from provenance.errors import InputError
from provenance.records import Tokenizer
from provenance.reruns import phases
from provenance.transcripts import tables


def transcript(folder, positions, *, counts="example", tokens=True, **columns):
    """Write a transcript of rows with these positions and read it back."""
    rows = [
        {"id": f"r{row}", "positions": list(times), "tokens": [row, row] if tokens else None, "text": "x"}
        | {name: values[row] for name, values in columns.items()}
        for row, times in enumerate(positions)
    ]
    tables.write(
        folder / "t.parquet",
        rows,
        tokenizer=Tokenizer(name="none", sha256="0" * 64),
        run_length=1 + max(position for times in positions for position in times),
        position_unit=counts,
        shuffle={"kind": "full"},
        inputs={},
    )
    return transcripts.read(folder / "t.parquet")


def orders(phase, *, draws=600):
    """Count the orders that reshuffling gives."""
    rng = np.random.default_rng(0)
    return Counter(tuple(phases.reshuffled(phase, rng).tolist()) for _ in range(draws))


def test_every_order_is_equally_likely():
    """Four rows come in all 24 orders, by a chi-square within its bound, the original among them."""
    counts = orders(phases.of_order([[1]] * 4, [2, 0, 3, 1]), draws=2400)
    assert set(counts) == set(itertools.permutations(range(4)))
    assert sum((count - 100) ** 2 / 100 for count in counts.values()) < 50


def test_only_the_phase_moves(tmp_path):
    """Rows consumed before the checkpoint take no part; the order is the recorded one."""
    phase = phases.of_transcript(transcript(tmp_path, [[5], [0], [3], [1], [4], [2]]), step=1, rows_per_step=2)
    assert phase.order.tolist() == [5, 2, 4, 0]
    assert all(sorted(order) == [0, 2, 4, 5] for order in orders(phase))
    assert len(orders(phase)) == 24


def test_units_stay_together(tmp_path):
    """Rows shuffled as one move as one; a unit that began before the checkpoint stays where it is."""
    names = ["a", "a", "a", "b", "b", None, "c", "c"]
    seen = transcript(tmp_path, [[row] for row in range(8)], unit=names)
    found = orders(phases.of_transcript(seen, step=1, rows_per_step=2))
    assert set(found) == {
        (2, *itertools.chain.from_iterable(order)) for order in itertools.permutations([(3, 4), (5,), (6, 7)])
    }


def test_strata_stay_apart(tmp_path):
    """Rows change places within their stratum only: each place keeps its stratum."""
    seen = transcript(tmp_path, [[row] for row in range(6)], stratum=["x", "y", "x", "y", "x", "y"])
    found = orders(phases.of_transcript(seen, step=1, rows_per_step=1))
    assert len(found) == 2 * 6
    assert all([row % 2 for row in order] == [1, 0, 1, 0, 1] for order in found)


def test_epochs_stay_apart(tmp_path):
    """In two epochs each keeps its rows, and no step reaches over the end of one."""
    seen = transcript(tmp_path, [[0, 7], [3, 5], [1, 9], [4, 8], [2, 6]])
    phase = phases.of_transcript(seen, step=1, rows_per_step=3)
    assert phase.order.tolist() == [1, 3, 1, 4, 0, 3, 2]
    assert list(phases.steps(phase, 3)) == [(0, 2), (2, 5), (5, 7)]
    found = orders(phase)
    assert all(sorted(order[:2]) == [1, 3] and sorted(order[2:]) == list(range(5)) for order in found)
    assert len(found) > 200
    assert phases.of_transcript(seen, step=2, rows_per_step=3).order.tolist() == [1, 4, 0, 3, 2]
    assert phases.of_transcript(seen, step=3, rows_per_step=3).order.tolist() == [3, 2]


def test_positions_may_count_steps(tmp_path):
    """Where rows of a step tie, the phase begins with the checkpoint's step."""
    seen = transcript(tmp_path, [[row // 2] for row in (5, 0, 3, 1, 4, 2)], counts="step")
    phase = phases.of_transcript(seen, step=1, rows_per_step=2)
    assert phase.order.tolist() == [2, 5, 0, 4]
    with pytest.raises(InputError, match="not the whole phase, 3 a step"):
        phases.of_transcript(seen, step=1, rows_per_step=3)


def test_an_order_may_be_given(tmp_path):
    """Rows and an order make a phase whose shuffle is the caller's word; a row that comes again begins an epoch."""
    del tmp_path
    phase = phases.of_order(np.arange(6).reshape(3, 2), [2, 0, 1, 1, 2, 0])
    assert phase.shuffle == {"kind": "claimed"}
    assert phase.epochs.tolist() == [0, 0, 0, 1, 1, 1]
    assert len(orders(phase)) == 36


def test_transcripts_that_cannot_be_run_again(tmp_path):
    """A sample, no ids, epochs of one order or with holes, a unit in pieces, nothing left: each is said."""

    def refused(positions, step=1, **how):
        rows_per_step = how.pop("rows_per_step", 2)
        with pytest.raises(InputError) as caught:
            phases.of_transcript(transcript(tmp_path, positions, **how), step=step, rows_per_step=rows_per_step)
        return str(caught.value)

    singles = [[row] for row in range(6)]
    assert "not the whole phase" in refused([[0], [1], [2], [5]])
    assert "has no token ids" in refused(singles, tokens=False)
    assert "one and the same order" in refused([[row, 6 + row] for row in range(6)])
    assert "cannot be told apart" in refused([[0, 5], [1, 4], [2, 7], [6], [3]], rows_per_step=1)
    assert "not consumed in one go" in refused(singles, unit=[None, None, "a", None, "a", None])
    assert "ended before step 9" in refused(singles, step=9)
    assert "nothing in this phase can change places" in refused(singles, step=5, rows_per_step=1)


def test_an_order_whose_epochs_overlap_is_refused():
    """A row that comes again before the others came once belongs to no epoch."""
    rows = np.zeros((3, 4), dtype=np.int32)
    assert phases.of_order(rows, [2, 0, 1, 1, 2, 0]).epochs.tolist() == [0, 0, 0, 1, 1, 1]
    with pytest.raises(InputError, match="its epochs cannot be told apart"):
        phases.of_order(rows, [0, 0, 1, 2])

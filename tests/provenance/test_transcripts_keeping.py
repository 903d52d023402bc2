"""The recorder of runs that are too large to write down: rows by number, and a sample of them."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import transcripts
from provenance.errors import InputError, MismatchError
from provenance.transcripts import choosing, draws, importing, log, record

ROWS = 500


def run_through(run, *, batch=20, epochs=2):
    """Use up every draw; gives the rows in the order in which they were used."""
    used = []
    for epoch in range(epochs):
        order = run.draw(epoch)
        for start in range(0, len(order), batch):
            used += order[start : start + batch].tolist()
            run.step(rows=len(order[start : start + batch]))
    return used


def positions(found):
    """Give the positions of each id."""
    return {id_: where.tolist() for id_, where in zip(found.ids, found.positions, strict=True)}


def places(used, kept, *, per=1):
    """Turn rows in the order used into the positions of those kept."""
    return {str(row): [at // per for at, other in enumerate(used) if other == row] for row in sorted(kept)}


def test_rows_by_number_make_ids_of_numbers_without_text(tmp_path):
    """Ids and positions alone are a transcript."""
    run = record.Run(tmp_path / "run.parquet", ids=range(ROWS), seed=0)
    used = run_through(run)
    found = transcripts.read(run.finish())
    assert positions(found) == places(used, range(ROWS))
    assert set(found.texts) == set(found.tokens) == {None}
    assert found.shuffle == {"kind": "full", "seed": 0, "generator": draws.GENERATOR}


@pytest.mark.parametrize("unit", ["example", "step"])
def test_a_sample_has_the_positions_of_the_whole_run(tmp_path, unit):
    """The rows kept are those of the hash, at the places that they had among all; the run is as long as it was."""
    sample = importing.Sample(rows=60, seed=4)
    run = record.Run(tmp_path / "run.parquet", ids=range(ROWS), seed=0, keep=sample)
    used = run_through(run)
    kept = np.flatnonzero(choosing.kept(np.arange(ROWS), share=60 / ROWS, seed=4)).tolist()
    found = transcripts.read(run.finish(position_unit=unit))
    assert positions(found) == places(used, kept, per=1 if unit == "example" else 20)
    assert found.run_length == (2 * ROWS if unit == "example" else 2 * ROWS // 20)
    assert found.shuffle["sample"] == {"rows": 60, "seed": 4}


@settings(max_examples=40)
@given(share=st.integers(1, 60), processes=st.integers(1, 3), seed=st.integers(0, 99))
def test_a_sample_is_a_part_of_what_would_have_been_recorded(tmp_path_factory, share, processes, seed):
    """With any number of processes: leaving rows out of the log changes nothing about those left in."""
    folder = tmp_path_factory.mktemp("keep")
    found = []
    for keep in (None, importing.Sample(rows=share, seed=seed)):
        for rank in range(processes):
            run = record.Run(folder / f"{keep is None}", ids=range(60), seed=seed, keep=keep, process=(rank, processes))
            run_through(run, batch=7)
        first = record.Run(folder / f"{keep is None}", ids=range(60), seed=seed, keep=keep, process=(0, processes))
        if keep and not choosing.kept(np.arange(60), share=share / 60, seed=seed).any():
            with pytest.raises(InputError, match="no row that the sample keeps was used"):
                first.finish()
            return
        found.append(transcripts.read(first.finish()))
    whole, part = map(positions, found)
    assert part == {id_: whole[id_] for id_ in part}
    assert found[0].run_length == found[1].run_length


def test_columns_are_asked_for_kept_rows_alone(tmp_path):
    """Texts may lie in something that holds them all, and only those needed are taken out."""
    asked = []

    class Texts:
        def __getitem__(self, row):
            asked.append(row)
            return f"text {row}"

    run = record.Run(tmp_path / "run.parquet", ids=range(ROWS), keep=importing.Sample(rows=50, seed=0))
    run.step(rows=range(ROWS))
    found = transcripts.read(run.finish(texts=Texts()))
    assert list(map(str, asked)) == list(found.ids)
    assert found.texts == tuple(f"text {row}" for row in asked)


def test_memory_and_log_do_not_grow_with_the_run(tmp_path):
    """A passed-through epoch of 200,000 rows of a thousand million takes less memory than one list of them would."""
    sample = importing.Sample(rows=50_000, seed=0)
    run = record.Run(tmp_path / "run.parquet", ids=range(10**9), keep=sample)
    sampler = run.sampler(range(0, 10**9, 5000))
    tracemalloc.start()
    ahead = iter(sampler)
    for _ in range(0, 200_000, 2000):
        for _ in range(2000):
            next(ahead)
        run.step(rows=2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
    assert (tmp_path / "run.parquet.log").stat().st_size < 20_000
    found = transcripts.read(run.finish())
    assert found.run_length == 200_000
    assert all(where.tolist() == [int(id_) // 5000] for id_, where in zip(found.ids, found.positions, strict=True))


def test_a_killed_run_with_a_sample_goes_on(tmp_path):
    """Places and sizes of steps survive in the log."""
    keep = importing.Sample(rows=100, seed=2)
    run = record.Run(tmp_path / "run.parquet", ids=range(ROWS), seed=0, keep=keep)
    used = run.draw(0)[:60].tolist()
    for _ in range(4):
        run.step(rows=20)
    again = record.Run(tmp_path / "run.parquet", ids=range(ROWS), seed=0, keep=keep, resume=3)
    used += again.draw(0)[:20].tolist()
    again.step(rows=20)
    kept = [row for row in used if choosing.kept(np.array([row]), share=0.2, seed=2)[0]]
    assert positions(transcripts.read(again.finish())) == places(used, kept)
    steps = list(log.read(tmp_path / "run.parquet.log", {})[1])
    assert [step.size for step in steps] == [20] * 4
    with pytest.raises(MismatchError, match="this log has keep"):
        record.Run(tmp_path / "run.parquet", ids=range(ROWS), seed=0, resume=2).draw(0)


def test_a_sample_of_nothing_used_and_tokens_of_nobody_are_said(tmp_path):
    """No row kept is no order; ids of an unknown tokenizer, and a sample near an unknown end, are mistakes."""
    run = record.Run(tmp_path / "run.parquet", ids=range(10**9), keep=importing.Sample(rows=2, seed=0))
    run.step(rows=[1, 2, 3])
    with pytest.raises(InputError, match="no row that the sample keeps was used, so there is no order"):
        run.finish()
    with pytest.raises(ValueError, match="give texts, or tokens and their tokenizer"):
        run.finish(tokens=[[1]] * 9)
    with pytest.raises(ValueError, match="a recent sample of a run whose end is not known"):
        record.Run(tmp_path / "t", ids=range(9), keep=importing.Sample(rows=2, seed=0, select="recent"))


def test_draws_that_were_used_are_forgotten_and_cannot_be_used_again():
    """What was taken is gone, except for the first ones, which evened batches come back to."""
    drawn = draws.Draws(head=2)
    for row in (5, 6, 7, 8):
        drawn.add(row)
    assert drawn.take(0, 3) == [5, 6, 7]
    assert (len(drawn), drawn.again(5), drawn.take(3, 4)) == (4, [5, 6, 5, 6, 5], [8])
    with pytest.raises(ValueError, match="a step that used draws 1 to 2"):
        drawn.take(1, 2)

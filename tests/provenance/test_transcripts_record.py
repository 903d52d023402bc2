"""The recorder in loops of one's own, against what the loop itself used."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import transcripts
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.records import Tokenizer
from provenance.transcripts import draws, record

ROWS = 23
IDS = tuple(f"row {row}" for row in range(ROWS))
TEXTS = tuple(f"text of row {row}" for row in range(ROWS))


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def new_run(folder, **settings):
    """Make a recorder for the rows."""
    return record.Run(folder / "run.parquet", ids=IDS, **settings)


def positions(transcript):
    """Give the positions of each id."""
    return dict(zip(transcript.ids, [where.tolist() for where in transcript.positions], strict=True))


def expected(steps, *, by_step=False):
    """Turn steps of rows into the positions of each row."""
    found = {}
    used = [(number, row) for number, step in enumerate(steps) for row in step]
    for position, (number, row) in enumerate(used):
        found.setdefault(IDS[row], []).append(number if by_step else position)
    return found


def train(run, loader, *, epochs, accumulate=1):
    """Run a loop over a loader and give the rows of each of its steps, as the batches say."""
    steps = []
    for _ in range(epochs):
        waiting = []
        for number, batch in enumerate(loader, start=1):
            waiting += batch.tolist()
            if number % accumulate == 0 or number == len(loader):
                run.step(rows=len(waiting))
                steps.append(waiting)
                waiting = []
    return steps


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize("workers", [0, 2])
def test_positions_are_those_of_the_batches_used(tmp_path, drop_last, accumulate, workers):
    """However far the workers draw ahead, rows have the positions at which a step used them."""
    run = new_run(tmp_path, seed=0)
    loader = torch.utils.data.DataLoader(
        torch.arange(ROWS), sampler=run.sampler(), batch_size=4, drop_last=drop_last, num_workers=workers
    )
    steps = train(run, loader, epochs=2, accumulate=accumulate)
    transcript = transcripts.read(run.finish(texts=TEXTS))
    assert positions(transcript) == expected(steps)
    assert transcript.run_length == sum(len(step) for step in steps)
    assert all(text == f"text of {id_}" for id_, text in zip(transcript.ids, transcript.texts, strict=True))


def test_another_sampler_is_passed_through_and_only_claimed(tmp_path):
    """The loop draws what the sampler gives, and the transcript does not vouch for how it was shuffled."""
    run = new_run(tmp_path)
    inner = torch.utils.data.RandomSampler(range(ROWS), generator=torch.Generator().manual_seed(3))
    loader = torch.utils.data.DataLoader(torch.arange(ROWS), sampler=run.sampler(inner), batch_size=4)
    steps = train(run, loader, epochs=2)
    transcript = transcripts.read(run.finish(texts=TEXTS))
    assert positions(transcript) == expected(steps)
    assert transcript.shuffle == {"kind": "claimed", "sampler": "RandomSampler"}


def test_a_loop_with_numpy_alone_draws_epochs(tmp_path):
    """``draw`` gives each epoch's order; two epochs differ and the same seed gives the same."""
    run = new_run(tmp_path, seed=5)
    steps = []
    for epoch in range(2):
        order = run.draw(epoch)
        assert sorted(order) == list(range(ROWS))
        assert order.tolist() == draws.shuffled(ROWS, seed=5, epoch=epoch).tolist()
        for start in range(0, ROWS, 10):
            steps.append(order[start : start + 10].tolist())
            run.step(rows=len(steps[-1]))
    assert steps[:3] != steps[3:]
    assert positions(transcripts.read(run.finish(texts=TEXTS))) == expected(steps)


def test_a_loop_that_knows_its_rows_says_them(tmp_path):
    """A loop may draw as it likes, repeats and all, and tell the recorder what each step used."""
    run = new_run(tmp_path)
    steps = [[3, 1], [1, 1, 22], [0]]
    for step in steps:
        run.step(rows=np.array(step))
    transcript = transcripts.read(run.finish(texts=TEXTS))
    assert positions(transcript) == expected(steps)
    assert transcript.shuffle == {"kind": "claimed"}


def test_step_positions_tie_the_rows_of_a_step(tmp_path):
    """With ``position_unit="step"`` a position is the number of steps completed before."""
    run = new_run(tmp_path)
    steps = [[3, 1], [4, 2, 22], [3]]
    for step in steps:
        run.step(rows=step)
    transcript = transcripts.read(run.finish(texts=TEXTS, position_unit="step"))
    assert positions(transcript) == expected(steps, by_step=True)
    assert (transcript.run_length, transcript.position_unit) == (3, "step")


def test_a_step_that_changed_nothing_uses_no_rows(tmp_path):
    """Rows of a step skipped for overflowing gradients are passed over, and the step still counts as one."""
    run = new_run(tmp_path, seed=0)
    order = run.draw(0).tolist()
    run.skip(rows=3)
    run.step(rows=2)
    assert positions(transcripts.read(run.finish(texts=TEXTS))) == expected([order[3:5]])
    assert transcripts.read(run.finish(texts=TEXTS, position_unit="step")).run_length == 2


def test_a_loop_that_knows_its_rows_skips_steps_too(tmp_path):
    """Nothing was drawn, and still a step may have changed nothing."""
    run = new_run(tmp_path)
    run.skip(rows=2)
    run.step(rows=[4, 5])
    assert positions(transcripts.read(run.finish(texts=TEXTS, position_unit="step"))) == {"row 4": [1], "row 5": [1]}


def test_rows_stand_in_the_order_of_the_data(tmp_path):
    """The table's own order tells nothing of the run's."""
    run = new_run(tmp_path, seed=0)
    run.draw(0)
    run.step(rows=ROWS)
    assert transcripts.read(run.finish(texts=TEXTS)).ids == IDS


def test_strata_units_and_tokens_go_by_row_number(tmp_path):
    """Each row keeps what belongs to it, though only some rows were used."""
    run = new_run(tmp_path)
    run.step(rows=[5, 2])
    tokens = [[row] * (row + 1) for row in range(ROWS)]
    labels = [f"label {row}" for row in range(ROWS)]
    tokenizer = Tokenizer(name="byte", sha256="1" * 64, revision="r")
    transcript = transcripts.read(run.finish(tokens=tokens, strata=labels, units=labels, tokenizer=tokenizer))
    assert transcript.tokens == ((2,) * 3, (5,) * 6)
    assert transcript.strata == transcript.units == ("label 2", "label 5")
    assert transcript.tokenizer == tokenizer


def loop(folder, *, epochs, resume=0, kill_after=None):
    """Run a loop of batches of four with workers, and die between a draw and its step."""
    run = new_run(folder, seed=0, resume=resume)
    loader = torch.utils.data.DataLoader(torch.arange(ROWS), sampler=run.sampler(), batch_size=4, num_workers=1)
    done = resume
    for _ in range(epochs):
        for batch in loader:
            if done == kill_after:
                os.kill(os.getpid(), signal.SIGKILL)
            run.step(rows=len(batch))
            done += 1
    return run


@pytest.mark.parametrize("checkpoint", [4, 6, 7])
def test_a_killed_loop_goes_on_where_its_checkpoint_stood(tmp_path, checkpoint):
    """The same loop, told only the checkpoint's step, ends in the transcript of a loop that was never killed."""
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    process = multiprocessing.get_context("fork").Process(
        target=loop, args=(tmp_path / "killed",), kwargs={"epochs": 3, "kill_after": 9}
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    whole = loop(tmp_path / "whole", epochs=3).finish(texts=TEXTS)
    killed = loop(tmp_path / "killed", epochs=3, resume=checkpoint).finish(texts=TEXTS)
    assert positions(transcripts.read(killed)) == positions(transcripts.read(whole))


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(min_value=0, max_value=400), resume=st.integers(min_value=1, max_value=5))
def test_a_log_cut_anywhere_keeps_its_whole_steps(tmp_path_factory, cut, resume):
    """A log that a kill cut short gives each step it holds whole, or says where it ends."""
    folder = tmp_path_factory.mktemp("cut")
    run = new_run(folder, seed=0)
    order = run.draw(0)
    for _ in range(5):
        run.step(rows=4)
    log = folder / "run.parquet.log"
    whole = log.read_bytes()
    header = whole.index(b"\n") + 1
    kept = whole[: header + cut]
    log.write_bytes(kept)
    left = kept[header:].count(b"\n")
    again = new_run(folder, seed=0, resume=resume)
    if left < resume:
        with pytest.raises(InputError, match=f"ends after step {left}, and the run resumes after step {resume}"):
            again.draw(0)
    else:
        assert again.draw(0).tolist() == order[4 * resume :].tolist()


def test_a_transcript_can_be_made_from_the_log_that_a_dead_process_left(tmp_path):
    """A process killed after its last step needs no second training."""
    run = new_run(tmp_path, seed=0)
    order = run.draw(0).tolist()
    run.step(rows=9)
    transcript = transcripts.read(new_run(tmp_path, seed=0).finish(texts=TEXTS))
    assert positions(transcript) == expected([order[:9]])
    assert transcript.shuffle["kind"] == "full"


def test_the_log_of_other_rows_is_refused(tmp_path):
    """Ids that are not the log's would name the wrong rows."""
    new_run(tmp_path).step(rows=[1])
    with pytest.raises(MismatchError, match="this log has rows 23"):
        record.Run(tmp_path / "run.parquet", ids=("a", "b")).finish(texts=("a", "b"))


def test_a_spoilt_log_is_refused_with_its_line(tmp_path):
    """A line in the middle that is no step is damage, not a kill."""
    run = new_run(tmp_path)
    run.step(rows=[1])
    with (tmp_path / "run.parquet.log").open("a") as stream:
        stream.write("{}\n")
    with pytest.raises(ArtifactError, match=r"run\.parquet\.log:3: not a step"):
        run.finish(texts=TEXTS)


def test_a_run_without_steps_has_no_transcript(tmp_path):
    """Nothing drawn, or drawn and never used, is no order; nothing is written."""
    run = new_run(tmp_path, seed=0)
    with pytest.raises(InputError, match="no such file"):
        run.finish(texts=TEXTS)
    run.draw(0)
    with pytest.raises(InputError, match="no step was completed"):
        run.finish(texts=TEXTS)
    assert not (tmp_path / "run.parquet").exists()


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda run: run.step(rows=24), "a step that used draws 0 to 24, but 23 were drawn"),
        (lambda run: run.step(rows=[1]), "say how many"),
        (lambda run: run.sampler(range(3)), "give a seed"),
        (lambda run: run.finish(tokens=[[1]] * ROWS), "give texts, or tokens and their tokenizer"),
        (lambda run: run.begin(0) or run.step(rows=1) or run.begin(0), "already recorded"),
    ],
)
def test_a_callers_mistake_is_a_value_error(tmp_path, mistake, message):
    """Whatever would make a wrong record is refused at once."""
    run = new_run(tmp_path, seed=0)
    run.draw(0)
    with pytest.raises(ValueError, match=message):
        mistake(run)


@pytest.mark.parametrize("ids", [("a", "a"), (1, 2)])
def test_ids_are_distinct_strings(tmp_path, ids):
    """A row that shares its id with another could not be told from it."""
    with pytest.raises(ValueError, match="ids are to be strings"):
        record.Run(tmp_path / "run.parquet", ids=ids)


@pytest.mark.parametrize("mistake", [lambda run: run.sampler(), lambda run: run.draw(0)])
def test_a_run_without_a_seed_draws_nothing(tmp_path, mistake):
    """The order of an unseeded run is somebody else's."""
    with pytest.raises(ValueError, match="seed"):
        mistake(new_run(tmp_path))


def test_rows_outside_of_the_data_are_refused(tmp_path):
    """A row number without an id is a mistake of the loop."""
    with pytest.raises(ValueError, match="a row outside of 0 to 22"):
        new_run(tmp_path).step(rows=[23])


def test_the_log_is_flushed_step_by_step(tmp_path):
    """Another process can read a step as soon as it is committed; ``sync`` takes nothing away."""
    run = new_run(tmp_path)
    run.step(rows=[4, 2])
    run.sync()
    last = (tmp_path / "run.parquet.log").read_text().splitlines()[-1]
    assert json.loads(last) == {"step": 1, "epoch": 0, "end": 0, "rows": [4, 2]}


def test_the_plain_form_needs_no_torch():
    """A loop of one's own pays for neither torch nor transformers."""
    code = "import sys, provenance.transcripts.record; print({'torch', 'transformers'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"

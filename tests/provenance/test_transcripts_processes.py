"""The recorder where several processes train one model, against what each of them saw."""

import json
import multiprocessing
import os
import signal
import socket

import accelerate
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import Trainer, TrainingArguments  # here, so that no forked process has to load them again

from provenance import artifacts, transcripts
from provenance.errors import InputError, MismatchError
from provenance.transcripts import draws, importing, log, merging, record

ROWS = 23
IDS = tuple(f"row {row}" for row in range(ROWS))
TEXTS = tuple(f"text of row {row}" for row in range(ROWS))


def together(work, folder, *arguments):
    """Run a function in two processes of one gloo group; gives their exit codes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    pair = [context.Process(target=joined, args=(work, rank, port, folder, *arguments)) for rank in range(2)]
    for process in pair:
        process.start()
    for process in pair:
        process.join(120)
        process.kill()
        process.join()
    return [process.exitcode for process in pair]


def joined(work, rank, port, folder, *arguments):
    """Join the group as one of two, and work."""
    torch.set_num_threads(1)
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    os.environ.update({**where, "RANK": str(rank), "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": "2"})
    work(rank, folder, *arguments)


def loop(rank, folder, resume=0, kill_at=None, sampler="ours"):
    """Train in a loop of one's own, two epochs of batches of four; one process may be killed where the other is not."""
    torch.distributed.init_process_group("gloo")
    run = record.Run(
        folder / "run.parquet", ids=IDS, seed=0 if sampler == "ours" else None, resume=resume, process=(rank, 2)
    )
    data, weight = torch.arange(ROWS), torch.ones(1)
    inner = None if sampler == "ours" else torch.utils.data.DistributedSampler(data, seed=5)
    loader = torch.utils.data.DataLoader(data, sampler=run.sampler(inner), batch_size=4)
    done = resume
    for _ in range(2):
        for batch in loader:
            if done == kill_at and rank == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            gradient = weight * batch.float().mean()
            if done == kill_at:
                return run.step(rows=len(batch))
            torch.distributed.all_reduce(gradient)
            weight -= 1e-6 * gradient
            with (folder / f"seen.{rank}").open("a") as stream:
                stream.write(json.dumps(batch.tolist()) + "\n")
            run.step(rows=len(batch))
            done += 1
    torch.distributed.barrier()
    run.finish(texts=TEXTS)
    return torch.distributed.destroy_process_group()


def seen(folder, steps=None):
    """Give what both processes say that they saw, a pair of lists a step."""
    both = [(folder / f"seen.{rank}").read_text().splitlines() for rank in range(2)]
    return [tuple(map(json.loads, pair)) for pair in zip(*both, strict=steps is None)][:steps]


def expected(steps, *, by_step=False):
    """Turn steps of pairs of rows, dealt one of each process in turn, into the positions of each row."""
    found, place = {}, 0
    for number, (ours, theirs) in enumerate(steps):
        for row in (row for pair in zip(ours, theirs, strict=True) for row in pair):
            found.setdefault(IDS[row], []).append(number if by_step else place)
            place += 1
    return found


def positions(folder):
    """Give the positions of each id of a transcript."""
    found = transcripts.read(folder / "run.parquet")
    return {id_: where.tolist() for id_, where in zip(found.ids, found.positions, strict=True)}


@pytest.mark.parametrize("sampler", ["ours", "theirs"])
def test_two_processes_make_one_transcript(tmp_path, sampler):
    """Every row has the positions at which either process used it, those that come again to fill up among them."""
    assert together(loop, tmp_path, 0, None, sampler) == [0, 0]
    steps = seen(tmp_path)
    assert positions(tmp_path) == expected(steps)
    found = transcripts.read(tmp_path / "run.parquet")
    assert found.run_length == 2 * 2 * 12
    assert found.shuffle["kind"] == ("full" if sampler == "ours" else "claimed")
    assert set(artifacts.read_header(found.path, transcripts.TRANSCRIPT).inputs) == {"rank0.log", "rank1.log"}
    if sampler == "ours":
        order = draws.shuffled(ROWS, seed=0, epoch=0).tolist()
        assert [row for step in steps[:3] for pair in zip(*step, strict=True) for row in pair] == [*order, order[0]]


def test_only_steps_that_all_processes_completed_count(tmp_path):
    """A kill between the ranks' steps leaves one log longer; finishing and resuming go by what both have."""
    assert together(loop, tmp_path, 0, 4) == [0, -signal.SIGKILL]
    assert [
        len(list(log.read(merging.shard(tmp_path / "run.parquet", rank=rank, of=2), {})[1])) for rank in (0, 1)
    ] == [5, 4]
    record.Run(tmp_path / "run.parquet", ids=IDS, seed=0, process=(0, 2)).finish(texts=TEXTS)
    assert positions(tmp_path) == expected(seen(tmp_path, 4))
    before = seen(tmp_path, 2)
    for rank in range(2):
        (tmp_path / f"seen.{rank}").unlink()
    assert together(loop, tmp_path, 2) == [0, 0]
    resumed = positions(tmp_path)
    assert resumed == expected(before + seen(tmp_path))
    (tmp_path / "whole").mkdir()
    assert together(loop, tmp_path / "whole") == [0, 0]
    assert resumed == positions(tmp_path / "whole")


class Rows(torch.utils.data.Dataset):
    """Each row is its own number."""

    def __len__(self):
        return ROWS

    def __getitem__(self, row):
        return {"numbers": torch.tensor([row])}


class Witness(torch.nn.Module):
    """A model that writes down the micro-batches of every completed optimizer step."""

    def __init__(self, path):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.path, self.batches = path, []

    def forward(self, numbers):
        """Take a batch in."""
        self.batches.append(numbers.flatten().tolist())
        return {"loss": (self.weight * numbers.float().mean()).sum()}

    def stepped(self, *_):
        """Write down a completed step: called by torch, not by any callback."""
        with self.path.open("a") as stream:
            stream.write(json.dumps(self.batches) + "\n")
        self.batches = []


def train(rank, folder, runs):
    """Train by a Trainer in one of two processes, for each way of batching in turn."""
    for state in (accelerate.state.AcceleratorState, accelerate.state.GradientState, accelerate.state.PartialState):
        state._reset_state()
    for name, (seed, arguments) in runs.items():
        place = folder / name
        run = record.Run(place / "run.parquet", ids=IDS, seed=seed)
        resume = arguments.pop("resume", None)
        witness = Witness(place / f"seen.{rank}")
        optimizer = torch.optim.SGD(witness.parameters(), lr=1e-6)
        optimizer.register_step_post_hook(witness.stepped)
        settings = {"output_dir": str(place), "per_device_train_batch_size": 4, "dataloader_pin_memory": False}
        settings |= {"save_strategy": "no", "save_steps": 2, "report_to": [], "logging_strategy": "no"}
        settings |= {"use_cpu": True, "ddp_backend": "gloo", "disable_tqdm": True}
        trainer = Trainer(
            model=witness,
            args=TrainingArguments(**{**settings, **arguments}),
            train_dataset=Rows(),
            optimizers=(optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)),
            callbacks=[run.callback()],
        )
        trainer.train(resume_from_checkpoint=resume and str(place / resume))
        run.finish(texts=TEXTS)
    torch.distributed.barrier()
    # A group that dies with its last DDP model can wait for ever for a thread that waits for Python (torch 2.13).
    os._exit(0)


def in_turn(folder, skip=0):
    """Give the rows of each step in the order of the draws: micro-batch after micro-batch, of each process in turn."""
    both = [(folder / f"seen.{rank}").read_text().splitlines()[skip:] for rank in range(2)]
    pairs = [zip(*map(json.loads, pair), strict=True) for pair in zip(*both, strict=True)]
    return [[row for pair in step for batch in pair for row in batch] for step in pairs]


def test_a_trainer_of_two_processes_records_what_both_of_them_saw(tmp_path):
    """Shares of batches, filled-up last ones, accumulation, split batches, other samplers, resumption."""
    runs = {
        "accumulated": (0, {"num_train_epochs": 2, "gradient_accumulation_steps": 2}),
        "dropped": (0, {"num_train_epochs": 2, "dataloader_drop_last": True}),
        "wide": (0, {"num_train_epochs": 1, "max_steps": 2, "per_device_train_batch_size": 30}),
        "split": (None, {"num_train_epochs": 2, "accelerator_config": {"split_batches": True}}),
        "theirs": (None, {"num_train_epochs": 2, "save_strategy": "steps"}),
    }
    resumed = {"theirs": (None, {"num_train_epochs": 2, "resume": "checkpoint-4"})}
    for name in runs:
        (tmp_path / name).mkdir()
    assert together(train, tmp_path, runs) == [0, 0]
    for name, (seed, _) in runs.items():
        steps = in_turn(tmp_path / name)
        rows = [row for step in steps for row in step]
        found = {}
        for place, row in enumerate(rows):
            found.setdefault(IDS[row], []).append(place)
        assert positions(tmp_path / name) == found, name
        assert transcripts.read(tmp_path / name / "run.parquet").run_length == len(rows)
        assert transcripts.read(tmp_path / name / "run.parquet").shuffle["kind"] == (
            "claimed" if seed is None else "full"
        )
    before = in_turn(tmp_path / "theirs")
    assert together(train, tmp_path, resumed) == [0, 0]
    rows = [row for step in before[:4] + in_turn(tmp_path / "theirs", skip=len(before)) for row in step]
    assert positions(tmp_path / "theirs") == {
        IDS[row]: [place for place, other in enumerate(rows) if other == row] for row in set(rows)
    }


def lay_logs(folder, steps, *, processes, **changes):
    """Have each process log its rows of each step."""
    for rank in range(processes):
        settings = {"ids": IDS, "process": (rank, processes), **changes}
        run = record.Run(folder / "run.parquet", **settings)
        for step in steps:
            run.step(rows=step[rank])


SHARES = st.integers(1, 4).flatmap(
    lambda processes: st.lists(
        st.lists(st.lists(st.integers(0, ROWS - 1), max_size=4), min_size=processes, max_size=processes),
        min_size=1,
        max_size=5,
    )
)


@settings(max_examples=60)
@given(steps=SHARES)
def test_rows_of_a_step_stand_as_they_were_dealt(tmp_path_factory, steps):
    """One of each process in turn, the rest of those that have more after them; nothing is lost, nothing is twice."""
    folder = tmp_path_factory.mktemp("merge")
    lay_logs(folder, steps, processes=len(steps[0]))
    paths = [merging.shard(folder / "run.parquet", rank=rank, of=len(steps[0])) for rank in range(len(steps[0]))]
    about = {"rows": ROWS}
    merged = list(merging.read(paths, about, completed=len(steps))[1])
    for parts, found in zip(steps, merged, strict=True):
        dealt = [part[place] for place in range(4) for part in parts if place < len(part)]
        assert list(found.rows) == dealt
        assert found.places is None or list(found.places) == list(range(len(dealt)))
        assert found.size == len(dealt)


def test_a_process_that_has_not_caught_up_is_waited_for_not_cut_off(tmp_path):
    """Without the barrier the last step of another process may still be missing; the message says what to call."""
    lay_logs(tmp_path, [[[1], [2]], [[3], [4]]], processes=2)
    ahead = record.Run(tmp_path / "run.parquet", ids=IDS, process=(0, 2), resume=2)
    ahead.step(rows=[5])
    with pytest.raises(InputError, match=r"after step 2 the log of one process ends, .* completed 3; .*barrier"):
        ahead.finish(texts=TEXTS)
    assert not (tmp_path / "run.parquet").exists()
    assert record.Run(tmp_path / "run.parquet", ids=IDS, process=(1, 2)).finish() == tmp_path / "run.parquet"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "run.parquet.rank1.log").unlink(), "rank1.log: no such file: no step of this run"),
        (
            lambda folder: (folder / "run.parquet.rank0.log").replace(folder / "run.parquet.rank1.log"),
            "rank0.log: no such file",
        ),
        (
            lambda folder: (folder / "run.parquet.rank1.log").write_bytes(
                (folder / "run.parquet.rank0.log").read_bytes()
            ),
            r"rank1\.log: this log has process \[0, 2\], the run that resumes has \[1, 2\]",
        ),
        (
            lambda folder: lay_logs(folder, [[[1], [2]]] * 2, processes=2, keep=importing.Sample(rows=9, seed=0)),
            "has keep",
        ),
        (
            lambda folder: record.Run(folder / "run.parquet", ids=IDS, seed=1, process=(1, 2)).draw(0),
            r"rank1\.log: this log has shuffle .* expected logs of one run",
        ),
    ],
)
def test_logs_that_are_not_of_one_run_are_refused(tmp_path, change, message):
    """A missing one, another process's, one of another sample or another order."""
    lay_logs(tmp_path, [[[1], [2]], [[3], [4]]], processes=2)
    change(tmp_path)
    with pytest.raises((InputError, MismatchError), match=message):
        record.Run(tmp_path / "run.parquet", ids=IDS, process=(0, 2)).finish(texts=TEXTS)


def test_steps_of_different_epochs_are_no_step(tmp_path):
    """Logs that do not tell of the same steps are not put together."""
    for rank, epoch in ((0, 0), (1, 1)):
        run = record.Run(tmp_path / "run.parquet", ids=IDS, seed=0, process=(rank, 2))
        run.draw(epoch)
        run.step(rows=2)
    with pytest.raises(MismatchError, match=r"rank1\.log:2: step 1 of epoch 1; expected step 1 of epoch 0"):
        record.Run(tmp_path / "run.parquet", ids=IDS, seed=0, process=(0, 2)).finish(texts=TEXTS)


@pytest.mark.parametrize("process", [(2, 2), (-1, 2), (0, 0)])
def test_processes_count_from_0(tmp_path, process):
    """A process that is none of them is a mistake of the caller."""
    with pytest.raises(ValueError, match="they count from 0"):
        record.Run(tmp_path / "run.parquet", ids=IDS, process=process)


def unaware(rank, folder):
    """Record as if there were no other process."""
    torch.distributed.init_process_group("gloo")
    with pytest.raises(InputError, match=r"2 training processes, and a recorder sees only its own; try record.Run"):
        record.Run(folder / "run.parquet", ids=IDS, seed=0).draw(0)
    if rank == 0:  # which may well know what all of them use
        record.Run(folder / "run.parquet", ids=IDS, process=(0, 1)).step(rows=range(8))
    torch.distributed.destroy_process_group()


def test_two_processes_never_write_one_log(tmp_path):
    """A recorder that was not told of the others says how to tell it."""
    assert together(unaware, tmp_path) == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["run.parquet.log"]


def test_a_distributed_sampler_that_does_not_shuffle_is_known_not_to(tmp_path):
    """Rows as they stand, dealt to processes, are no shuffle."""
    run = record.Run(tmp_path / "run.parquet", ids=IDS, process=(0, 1))
    inner = torch.utils.data.DistributedSampler(IDS, num_replicas=2, rank=0, shuffle=False)
    list(run.sampler(inner))
    run.step(rows=4)
    assert transcripts.read(run.finish(texts=TEXTS)).shuffle == {"kind": "none", "sampler": "DistributedSampler"}

"""The recorder inside a real Trainer, against what the model itself saw before each optimizer step."""

import json
import multiprocessing
import os
import signal
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import transformers

from provenance import transcripts
from provenance.errors import InputError, MismatchError
from provenance.records import Tokenizer
from provenance.transcripts import draws, record

ROWS = 23
IDS = tuple(f"row {row}" for row in range(ROWS))
TOKENIZER = Tokenizer(name="none", sha256="0" * 64)


class Rows(torch.utils.data.Dataset):
    """Each row is its own number."""

    def __len__(self):
        return ROWS

    def __getitem__(self, row):
        return {"numbers": torch.tensor([row])}


class Witness(torch.nn.Module):
    """A model that writes down the rows of every completed optimizer step, and can be killed while it looks at one."""

    def __init__(self, path, kill_at=None):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.path, self.kill_at, self.seen, self.forwards = path, kill_at, [], 0

    def forward(self, numbers):
        """Take a batch in."""
        self.forwards += 1
        if self.forwards == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += numbers.flatten().tolist()
        return {"loss": (self.weight * numbers.float().mean()).sum()}

    def stepped(self, *_):
        """Write down a completed step: called by torch, not by any callback."""
        with self.path.open("a") as stream:
            stream.write(json.dumps(self.seen) + "\n")
        self.seen = []


@dataclass(frozen=True)
class Settings:
    """How one run is trained."""

    epochs: float = 1
    accumulate: int = 1
    workers: int = 0
    drop_last: bool = False
    max_steps: int = -1
    seed: int | None = 0
    strategy: str = "random"
    save_steps: int = 2


def trainer(folder, settings, *, run, kill_at=None, name="truth"):
    """Make a Trainer over the rows whose witness writes to a file of its own."""
    witness = Witness(folder / name, kill_at)
    optimizer = torch.optim.SGD(witness.parameters(), lr=1e-6)
    optimizer.register_step_post_hook(witness.stepped)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder / "checkpoints"),
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=settings.accumulate,
        dataloader_num_workers=settings.workers,
        dataloader_prefetch_factor=2 if settings.workers else None,
        dataloader_drop_last=settings.drop_last,
        dataloader_pin_memory=False,
        train_sampling_strategy=settings.strategy,
        save_strategy="steps",
        save_steps=settings.save_steps,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        logging_strategy="no",
    )
    return transformers.Trainer(
        model=witness,
        args=arguments,
        train_dataset=Rows(),
        optimizers=(optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)),
        callbacks=[run.callback()],
    )


def truth(path):
    """Read the rows of every step that the witness saw completed."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def expected(steps):
    """Turn steps of rows into the positions of each row."""
    positions = {}
    for position, row in enumerate(row for step in steps for row in step):
        positions.setdefault(IDS[row], []).append(position)
    return positions


def recorded(folder, run):
    """Finish a run and read its transcript back as the positions of each id."""
    tokens = np.arange(ROWS)[:, None].repeat(3, axis=1)
    transcript = transcripts.read(run.finish(tokens=tokens, tokenizer=TOKENIZER))
    assert all(IDS[tokens[0]] == id_ for id_, tokens in zip(transcript.ids, transcript.tokens, strict=True))
    assert transcript.path == folder / "run.parquet"
    return dict(zip(transcript.ids, [where.tolist() for where in transcript.positions], strict=True)), transcript


def new_run(folder, settings):
    """Make a recorder for a run."""
    return record.Run(folder / "run.parquet", ids=IDS, seed=settings.seed)


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(epochs=3),
        Settings(epochs=3, accumulate=4),
        Settings(epochs=3, accumulate=3, drop_last=True),
        Settings(epochs=2, accumulate=3, workers=2),
        Settings(epochs=2, workers=2, drop_last=True),
        Settings(max_steps=9, accumulate=2),
        Settings(epochs=1.5),
        Settings(epochs=3, accumulate=4, seed=None),
        Settings(epochs=2, seed=None, workers=2, drop_last=True),
        Settings(epochs=2, seed=None, strategy="sequential"),
    ],
    ids=str,
)
def test_positions_are_those_that_the_model_saw(tmp_path, settings):
    """Under every way of batching, a row has just the positions at which a completed step used it."""
    run = new_run(tmp_path, settings)
    trainer(tmp_path, settings, run=run).train()
    steps = truth(tmp_path / "truth")
    positions, transcript = recorded(tmp_path, run)
    assert positions == expected(steps)
    assert transcript.run_length == sum(len(step) for step in steps)


def die(folder, settings, kill_at):
    """Train until the kill, in a process of its own."""
    torch.set_num_threads(1)
    trainer(folder, settings, run=new_run(folder, settings), kill_at=kill_at, name="before").train()


def kill(folder, settings, *, kill_at):
    """Run `die`, and make sure that it was a kill that ended it."""
    process = multiprocessing.get_context("fork").Process(target=die, args=(folder, settings, kill_at))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("settings", "kill_at"),
    [
        (Settings(epochs=3), 12),
        (Settings(epochs=3, accumulate=4, save_steps=3), 17),
        (Settings(epochs=3, accumulate=4, seed=None), 12),
        (Settings(epochs=2, accumulate=2, drop_last=True, seed=None, save_steps=2), 9),
        (Settings(epochs=3, seed=None, save_steps=5), 10),
        (Settings(epochs=2, workers=2), 9),
    ],
    ids=str,
)
def test_a_killed_and_resumed_run_has_the_positions_of_the_model_it_ends_in(tmp_path, settings, kill_at):
    """Steps after the checkpoint are dropped with the run that made them; what was drawn and not used never counts."""
    kill(tmp_path, settings, kill_at=kill_at)
    checkpoint = transformers.trainer_utils.get_last_checkpoint(tmp_path / "checkpoints")
    kept = int(checkpoint.rpartition("-")[2])
    before = truth(tmp_path / "before")
    log = (tmp_path / "run.parquet.log").read_text().splitlines()
    assert [json.loads(line)["rows"] for line in log[1:]] == before
    run = new_run(tmp_path, settings)
    trainer(tmp_path, settings, run=run).train(resume_from_checkpoint=checkpoint)
    positions, _ = recorded(tmp_path, run)
    assert positions == expected(before[:kept] + truth(tmp_path / "truth"))


def test_a_resumed_run_continues_the_order_of_the_uninterrupted_one(tmp_path):
    """With a seed a kill leaves no trace in the transcript."""
    settings = Settings(epochs=2)
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    whole = new_run(tmp_path / "whole", settings)
    trainer(tmp_path / "whole", settings, run=whole).train()
    kill(tmp_path / "killed", settings, kill_at=9)
    killed = new_run(tmp_path / "killed", settings)
    trainer(tmp_path / "killed", settings, run=killed).train(resume_from_checkpoint=True)
    assert recorded(tmp_path / "killed", killed)[0] == recorded(tmp_path / "whole", whole)[0]


@pytest.mark.parametrize(
    ("settings", "shuffle"),
    [
        (Settings(seed=7), {"kind": "full", "seed": 7, "generator": draws.GENERATOR}),
        (Settings(seed=None), {"kind": "claimed", "sampler": "SeedableRandomSampler"}),
        (Settings(seed=None, strategy="sequential"), {"kind": "none", "sampler": "SequentialSampler"}),
    ],
)
def test_the_shuffle_is_proven_only_where_the_recorder_made_it(tmp_path, settings, shuffle):
    """A seed makes a full shuffle; any other sampler's order is claimed, or known to be none."""
    run = new_run(tmp_path, settings)
    trainer(tmp_path, settings, run=run).train()
    assert recorded(tmp_path, run)[1].shuffle == shuffle


def test_watching_does_not_change_what_the_trainer_draws(tmp_path):
    """Without a seed the Trainer sees the same rows in the same order as without a recorder."""
    settings = Settings(seed=None, epochs=2, accumulate=2)
    trainer(tmp_path, settings, run=new_run(tmp_path, settings), name="watched").train()
    alone = trainer(tmp_path, settings, run=new_run(tmp_path, settings), name="alone")
    alone.callback_handler.callbacks.pop()
    alone.train()
    assert truth(tmp_path / "watched") == truth(tmp_path / "alone")


def test_a_run_that_starts_again_sets_the_old_log_aside(tmp_path):
    """A restart from nothing records that run alone, and overwrites no log."""
    settings = Settings(epochs=2)
    kill(tmp_path, settings, kill_at=5)
    old = (tmp_path / "run.parquet.log").read_bytes()
    run = new_run(tmp_path, settings)
    trainer(tmp_path, settings, run=run).train()
    assert recorded(tmp_path, run)[0] == expected(truth(tmp_path / "truth"))
    assert (tmp_path / "run.parquet.log.1").read_bytes() == old


def test_a_second_training_with_one_recorder_is_refused(tmp_path):
    """The model carries the first run on, so its rows cannot be forgotten for the second's."""
    settings = Settings()
    run = new_run(tmp_path, settings)
    trainer(tmp_path, settings, run=run).train()
    with pytest.raises(ValueError, match="already recorded a run"):
        trainer(tmp_path, settings, run=run).train()


def test_resuming_without_the_log_is_refused(tmp_path):
    """What no log tells cannot be made up."""
    settings = Settings()
    trainer(tmp_path, settings, run=new_run(tmp_path, settings)).train()
    (tmp_path / "run.parquet.log").unlink()
    with pytest.raises(InputError, match="resumes after step 6; expected the log"):
        trainer(tmp_path, settings, run=new_run(tmp_path, settings)).train(resume_from_checkpoint=True)


def test_resuming_with_the_log_of_another_seed_is_refused(tmp_path):
    """A log goes with the order that it recorded."""
    trainer(tmp_path, Settings(), run=new_run(tmp_path, Settings())).train()
    with pytest.raises(MismatchError, match="this log has shuffle"):
        trainer(tmp_path, Settings(), run=new_run(tmp_path, Settings(seed=1))).train(resume_from_checkpoint=True)


def test_batches_of_several_processes_that_are_made_another_way_are_refused(tmp_path):
    """Whoever does not share out one sampler's batches sees rows that the first process does not know of."""
    subject = trainer(tmp_path, Settings(), run=new_run(tmp_path, Settings()))
    object.__setattr__(subject.args, "distributed_state", type("Two", (), {"num_processes": 2, "process_index": 0})())
    following = new_run(tmp_path, Settings()).callback()
    with pytest.raises(InputError, match="in batches of BatchSampler for 2 processes cannot be counted"):
        following.on_train_begin(subject.args, None, None, train_dataloader=subject.get_train_dataloader())


def test_a_recorder_of_one_of_several_processes_is_not_for_the_trainer(tmp_path):
    """The Trainer shares out the rows itself."""
    run = record.Run(tmp_path / "run.parquet", ids=IDS, seed=0, process=(0, 2))
    with pytest.raises(ValueError, match="leave `process` out"):
        trainer(tmp_path, Settings(), run=run).train()


def test_a_stream_without_a_sampler_is_refused(tmp_path):
    """Rows of an iterable dataset have no numbers to count."""

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            yield from Rows()

    subject = trainer(tmp_path, Settings(max_steps=1), run=new_run(tmp_path, Settings()))
    subject.train_dataset = Stream()
    with pytest.raises(InputError, match="cannot be counted"):
        subject.train()


def test_as_many_ids_as_rows_are_asked_for(tmp_path):
    """Ids for another data set are a mistake of the caller."""
    with pytest.raises(ValueError, match="2 ids for 23 rows"):
        trainer(tmp_path, Settings(), run=record.Run(tmp_path / "run.parquet", ids=("a", "b"))).train()


def test_a_step_that_the_optimizer_skipped_uses_no_rows(tmp_path):
    """Where mixed precision overflows, the Trainer counts a step whose rows changed nothing."""
    settings = Settings(accumulate=2)
    run = new_run(tmp_path, settings)
    subject = trainer(tmp_path, settings, run=run)

    class Overflow(transformers.TrainerCallback):
        def on_optimizer_step(self, _args, state, _control, **parts):
            parts["optimizer"]._is_overflow = state.global_step == 1

    subject.callback_handler.callbacks.insert(0, Overflow())
    subject.train()
    steps = truth(tmp_path / "truth")
    assert recorded(tmp_path, run)[0] == expected([steps[0], steps[2]])

"""The last phase of a run, run again: bit by bit, against the real Trainer, and through a SIGKILL."""

import json
import multiprocessing
import os
import shutil
import signal

import numpy as np
import pytest
import torch
import transformers

from provenance import checkpoints, folders, reruns, suspects, tokenizers, training, transcripts
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.records import Tokenizer
from provenance.reruns import making, manifests
from provenance.transcripts import record

ROWS, STEP = 48, 3
SHAPE = training.Shape(layers=1, width=16, heads=2, vocabulary=300, context=32)
SCHEDULE = training.Schedule(batch=4, learning_rate=3e-3, warmup=2)
RECIPE = reruns.Recipe(batch=4, scheduler="constant")
WORDS = "a few words to learn"


def sequences():
    """Token ids with something to learn: each is the one before plus a step that differs by row."""
    return ((np.arange(12)[None, :] * (1 + np.arange(ROWS)[:, None] % 7)) % 290).astype(np.int32)


def weights(folder):
    """Load a model's parameters."""
    return training.load(folder).state_dict()


def same(one, other):
    """Tell whether two models are equal bit by bit."""
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """Train once without interruption; leave a checkpoint after three of twelve steps, and the final model."""
    folder = tmp_path_factory.mktemp("ours")
    tokenizer = training.train_tokenizer([WORDS] * 3, vocabulary=300, out=folder / "tokenizer")
    named = tokenizers.identify(tokenizer, str(folder / "tokenizer"))
    run = record.Run(folder / "run.parquet", ids=[f"r{row}" for row in range(ROWS)], seed=5)
    model = training.train(
        training.new_model(SHAPE, seed=0),
        sequences(),
        order=run.draw(0),
        schedule=SCHEDULE,
        after_step=lambda rows: run.step(rows=rows),
        checkpoints={STEP: folder / "checkpoint"},
    )
    training.save(model, folder / "final", tokenizer=tokenizer)
    run.finish(tokens=sequences().tolist(), tokenizer=named)
    return folder


@pytest.fixture
def phase(ours):
    """Take the phase after the checkpoint from the recorded run."""
    return reruns.phase_of_transcript(transcripts.read(ours / "run.parquet"), step=STEP, rows_per_step=4)


def make(ours, phase, out, *, times=2, recipe=RECIPE, seed=0):
    """Run the phase again."""
    return reruns.rerun_phase(ours / "checkpoint", phase, recipe=recipe, times=times, seed=seed, out=out)


def test_the_original_order_gives_the_run_itself(ours, phase, tmp_path):
    """Resumed in the recorded order, the weights are those of the uninterrupted run, bit by bit; reshuffled, others."""
    made = make(ours, phase, tmp_path / "made")
    final = weights(ours / "final")
    assert same(weights(made.original), final)
    assert len(made.reshuffled) == 2
    assert len(set(made.weights.values())) == 3
    assert not any(same(weights(folder), final) for folder in made.reshuffled)


def test_a_rerun_is_a_suspect(ours, phase, tmp_path):
    """A re-run has the run's tokenizer beside it, and the digest in its manifest is the suspect's own."""
    made = make(ours, phase, tmp_path / "made", times=1)
    suspect = suspects.load(f"hf:{made.original}")
    assert suspect.identity["weights"] == made.weights[made.original]
    assert suspect.tokenizer.sha256 == phase.tokenizer.sha256
    assert made.settings["inputs"] == {"transcript": transcripts.read(ours / "run.parquet").sha256}


def test_what_is_finished_is_not_made_again(ours, phase, tmp_path, monkeypatch):
    """A second call makes only what is missing, and more re-runs than before are added to the same ones."""
    make(ours, phase, tmp_path / "made", times=1)
    trained = []
    plain = making._trained
    monkeypatch.setattr(making, "_trained", lambda *a, **k: trained.append(1) or plain(*a, **k))
    more = make(ours, phase, tmp_path / "made", times=3)
    assert len(trained) == 2
    assert more.weights.values() != make(ours, phase, tmp_path / "fresh", times=3).weights.values()
    fresh = reruns.read(tmp_path / "fresh")
    assert list(more.weights.values()) == list(fresh.weights.values())


def _killed(ours, phase, out):
    """Be killed in the middle of the second re-run, after a hidden folder was begun."""
    plain, seen = making.manifests.write, []

    def write(folder, about):
        seen.append(about)
        if len(seen) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        plain(folder, about)

    making.manifests.write = write
    torch.set_num_threads(1)
    make(ours, phase, out)


def test_killed_and_called_again(ours, phase, tmp_path):
    """SIGKILL while a folder is half written: the next call makes the same bytes and leaves nothing hidden."""
    out = tmp_path / "killed"
    worker = multiprocessing.get_context("fork").Process(target=_killed, args=(ours, phase, out))
    worker.start()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    hidden = [path.name for path in out.iterdir() if path.name.startswith(".")]
    assert len(hidden) == 1
    assert (out / "original").exists()
    with pytest.raises(InputError, match="no reshuffled re-run"):
        reruns.read(out)
    make(ours, phase, out)
    make(ours, phase, tmp_path / "fresh")
    assert _bytes(out) == _bytes(tmp_path / "fresh")


def _bytes(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_other_settings_are_refused(ours, phase, tmp_path):
    """Another seed, recipe, order or checkpoint finds the folder taken, and says by what."""
    out = tmp_path / "made"
    make(ours, phase, out, times=1)
    with pytest.raises(InputError, match="another seed lie here"):
        make(ours, phase, out, seed=1)
    with pytest.raises(InputError, match="another recipe lie here"):
        make(ours, phase, out, recipe=reruns.Recipe(batch=4, scheduler="constant", clip=2.0))
    with pytest.raises(InputError, match="another order lie here"):
        make(ours, reruns.phase_of_order(phase.rows, phase.order[::-1]), out)


def test_damage_is_seen(ours, phase, tmp_path):
    """Changed weights, a gap, a re-run of other settings or none in the original order: each is refused by name."""
    make(ours, phase, tmp_path, times=3)
    gone = tmp_path / "reshuffled-0002"
    gone.rename(tmp_path / "aside")
    with pytest.raises(ArtifactError, match="re-run 2 of 3 is missing"):
        reruns.read(tmp_path)
    (tmp_path / "aside").rename(gone)
    manifest = gone / manifests.MANIFEST
    before = manifest.read_text()
    manifest.write_text(json.dumps({**json.loads(before), "settings": "0"}))
    with pytest.raises(MismatchError, match="not made with the settings"):
        reruns.read(tmp_path)
    manifest.write_text(before)
    with (gone / "model.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ArtifactError, match="weights are not those"):
        reruns.read(tmp_path)
    with pytest.raises(ArtifactError, match="weights are not those"):
        make(ours, phase, tmp_path, times=3)
    (tmp_path / "original").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no re-run in the original order"):
        reruns.read(tmp_path)


class Rows(torch.utils.data.Dataset):
    """Rows of token ids, as a Trainer reads them."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, row):
        return {"input_ids": torch.tensor(self.rows[row])}


def uneven():
    """Give rows of 6 to 12 tokens."""
    return [row[: 6 + number % 7].tolist() for number, row in enumerate(sequences())]


def collate(rows):
    """Pad on the right, mask, and leave padding out of the loss."""
    ids = torch.nn.utils.rnn.pad_sequence([row["input_ids"] for row in rows], batch_first=True)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row["input_ids"]) for row in rows], batch_first=True)
    return {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, -100)}


def train_theirs(folder, model, rows, **how):
    """Train by the real Trainer, recorded, and leave a checkpoint every third step."""
    run = record.Run(folder / "run.parquet", ids=[f"r{row}" for row in range(ROWS)], seed=2)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        gradient_accumulation_steps=2,
        learning_rate=3e-3,
        weight_decay=0.1,
        save_strategy="steps",
        save_steps=3,
        remove_unused_columns=False,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        logging_strategy="no",
        dataloader_pin_memory=False,
        **how,
    )
    with checkpoints.quiet():
        transformers.Trainer(
            model=model, args=arguments, train_dataset=Rows(rows), data_collator=collate, callbacks=[run.callback()]
        ).train()
    run.finish(tokens=rows, tokenizer=Tokenizer(name="none", sha256="0" * 64))
    return folder


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Train for two epochs on rows of unequal length, with warm-up and a cosine."""
    folder, model = tmp_path_factory.mktemp("theirs"), training.new_model(SHAPE, seed=0)
    how = {"num_train_epochs": 2, "warmup_steps": 2, "lr_scheduler_type": "cosine"}
    return train_theirs(folder, model, uneven(), per_device_train_batch_size=5, **how)


@pytest.mark.parametrize("step", [3, 6])
def test_it_does_what_the_trainer_does(theirs, tmp_path, step):
    """From a checkpoint in the first or second epoch, the original order ends where the real Trainer ended."""
    recipe = reruns.Recipe(batch=5, accumulate=2, scheduler="cosine", warmup=2)
    phase = reruns.phase_of_transcript(transcripts.read(theirs / "run.parquet"), step=step, rows_per_step=recipe.rows)
    made = reruns.rerun_phase(
        theirs / f"checkpoint-{step}", phase, recipe=recipe, times=1, seed=0, out=tmp_path / "made"
    )
    final, start = weights(theirs / "checkpoint-10"), weights(theirs / f"checkpoint-{step}")
    again, other = weights(made.original), weights(made.reshuffled[0])
    off, moved, apart = (
        max(float((one[name] - two[name]).abs().max()) for name in final)
        for one, two in ((again, final), (start, final), (other, final))
    )
    assert made.settings["steps"] == 10 - step
    assert off < 2e-6
    assert off < moved / 1000
    assert off < apart / 100


def test_dropout_and_tied_weights_too(tmp_path):
    """A GPT-2 with dropout, whose loss the Trainer divides by all tokens, comes out bit by bit as the Trainer's own."""
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=300, n_positions=16, n_embd=16, n_layer=1, n_head=2)
    )
    train_theirs(tmp_path, model, sequences().tolist(), num_train_epochs=1, per_device_train_batch_size=5)
    ends = []
    for divisor in ("labels", "predicted"):
        recipe = reruns.Recipe(batch=5, accumulate=2, divisor=divisor)
        phase = reruns.phase_of_transcript(
            transcripts.read(tmp_path / "run.parquet"), step=3, rows_per_step=recipe.rows
        )
        made = reruns.rerun_phase(
            tmp_path / "checkpoint-3", phase, recipe=recipe, times=1, seed=0, out=tmp_path / divisor
        )
        ends.append(weights(made.original))
    final = weights(tmp_path / "checkpoint-5")
    assert same(ends[0], final)
    assert not same(ends[1], final)


def test_a_wrong_recipe_is_refused(theirs, tmp_path):
    """A schedule that gives another learning rate than the one saved, or other rows a step, is not gone on with."""
    phase = reruns.phase_of_transcript(transcripts.read(theirs / "run.parquet"), step=3, rows_per_step=10)

    def attempt(**how):
        recipe = reruns.Recipe(**{"batch": 5, "accumulate": 2, "scheduler": "cosine", "warmup": 2, **how})
        reruns.rerun_phase(theirs / "checkpoint-3", phase, recipe=recipe, times=1, seed=0, out=tmp_path / str(how))

    for how in ({"scheduler": "linear"}, {"warmup": 1}, {"total": 50}):
        with pytest.raises(InputError, match=r"learning rate .* at step 3, where the recipe gives"):
            attempt(**how)
    with pytest.raises(InputError, match="cannot be taken up"):
        attempt(scheduler="no such schedule")
    with pytest.raises(InputError, match="5 rows a forward pass"):
        attempt(batch=4)
    with pytest.raises(ValueError, match="batch and accumulate from 1"):
        attempt(batch=0)


def test_half_precision_is_a_setting(ours, phase, tmp_path):
    """The forward pass in bfloat16 gives other weights, stored as they were, and stands in the settings."""
    recipe = reruns.Recipe(batch=4, scheduler="constant", autocast="bf16")
    made = make(ours, phase, tmp_path / "made", times=1, recipe=recipe)
    one, other = weights(made.original), weights(ours / "final")
    assert made.settings["recipe"]["autocast"] == "bf16"
    assert not same(one, other)
    assert all(torch.allclose(one[name], other[name], atol=0.02) for name in one)


def test_checkpoints_that_cannot_be_taken_up(ours, phase, tmp_path):
    """Nothing saved, a scaled loss, another optimizer, a damaged file: one sentence each."""

    def broken(name, change):
        place = tmp_path / name
        shutil.copytree(ours / "checkpoint", place)
        change(place)
        return place

    def sgd(place):
        model = training.load(place)
        torch.save(torch.optim.SGD(model.parameters(), lr=0.003).state_dict(), place / "optimizer.pt")

    cases = {
        "no optimizer.pt in": lambda place: (place / "optimizer.pt").unlink(),
        "loss was scaled": lambda place: (place / "scaler.pt").touch(),
        "moments do not fit": sgd,
        "cannot be read": lambda place: (place / "optimizer.pt").write_bytes(b"none"),
        "which step": lambda place: (place / "trainer_state.json").write_text("{}"),
        "global_step is 0": lambda place: (place / "trainer_state.json").write_text('{"global_step": 0}'),
        "no model can be loaded": lambda place: (place / "model.safetensors").write_bytes(b"none"),
    }
    for number, (said, change) in enumerate(cases.items()):
        place = broken(str(number), change)
        with pytest.raises(InputError, match=said):
            reruns.rerun_phase(place, phase, recipe=RECIPE, times=1, seed=0, out=tmp_path / f"out-{number}")
    with pytest.raises(ValueError, match="0 re-runs"):
        make(ours, phase, tmp_path / "none", times=0)


def test_a_checkpoint_is_left_whole_or_not_at_all(ours, tmp_path):
    """A folder that stands is not written over, and one whose saving fails does not appear."""
    with pytest.raises(InputError, match="exists"), folders.whole(ours / "checkpoint"):
        pass
    (tmp_path / ".new.x.part").mkdir()

    def fail():
        with folders.whole(tmp_path / "new") as work:
            (work / "file").touch()
            assert list(tmp_path.iterdir()) == [work]
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert not list(tmp_path.iterdir())

"""What does a model say of a mark after it was trained on the attacked text?

A trial runs in a process of its own: it attacks the published text, trains the base model further on what comes out,
and scores what was *published*, with what the mark's test compares it with.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attacking import catalogue, workshop
from cli.demo.run import ENVIRONMENT
from provenance import storage
from provenance.records import generator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from attacking.catalogue import Attack

WORKERS = 2
BASE = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One model to train and to ask."""

    folder: Path
    mark: str
    attack: Attack | None
    """None asks the base model itself: the reference."""
    seed: int
    epochs: int = 1
    paraphraser: str | None = None

    @property
    def scores(self) -> Path:
        """Where its scores go; what else came of it stands beside them, and says that it is done."""
        return self.folder / "scores" / f"{re.sub('[^a-z0-9]+', '-', self.name)}.parquet"

    @property
    def name(self) -> str:
        """What it is called in the progress."""
        what = f"{self.attack.name} {self.attack.strength}".strip() if self.attack else "reference"
        return f"{self.mark}: {what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A trial that is done; its scores are on the disk."""

    trial: Trial
    changed: float
    documents: int
    """Which the model was trained on."""
    seconds: float


def train_base(folder: Path, seed: int) -> None:
    """Train the model that every suspect starts from, on prose that nobody marked."""
    from provenance import tokenizers, training

    if (folder / BASE).exists():
        return
    tokenizer = tokenizers.load(str(folder / "tokenizer"))
    model = training.new_model(training.Shape(vocabulary=workshop.VOCABULARY), seed=seed)
    _train(model, workshop.read(folder / "base.json"), tokenizer, rng=generator(seed, "base"))
    training.save(model, folder / BASE, tokenizer=tokenizer)


def run(trial: Trial) -> Outcome:
    """Attack, train, ask; what an earlier run has done stays as it is."""
    done = trial.scores.with_suffix(".json")
    if not done.exists():
        storage.write_json(done, _run(trial))
    return Outcome(trial=trial, **workshop.read(done))


def _run(trial: Trial) -> dict[str, float]:
    from provenance import scoring

    began = time.monotonic()
    planted = workshop.planted(trial.folder, trial.mark)
    attacked = _attacked(trial, planted.published) if trial.attack else None
    model = f"hf:{_suspect(trial, attacked) if attacked else trial.folder / BASE}"
    scoring.score(planted.records, suspect=model, out=trial.scores)
    return {
        "changed": attacked.changed if attacked else 0.0,
        "documents": len(attacked.texts) if attacked else 0,
        "seconds": time.monotonic() - began,
    }


def run_all(trials: Sequence[Trial]) -> Iterator[Outcome]:
    """Run trials side by side, one thread a process, and say on stderr how far it is."""
    folder, seed = trials[0].folder, trials[0].seed
    os.environ.update(ENVIRONMENT)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        print("training the base model", file=sys.stderr)
        pool.submit(train_base, folder, seed).result()
        futures = [pool.submit(run, trial) for trial in trials]
        for done, future in enumerate(concurrent.futures.as_completed(futures), start=1):
            outcome = future.result()
            print(f"{done}/{len(trials)}  {outcome.trial.name}  {outcome.seconds:.0f} s", file=sys.stderr)
            yield outcome


def _attacked(trial: Trial, published: Sequence[str]) -> catalogue.Attacked:
    assert trial.attack is not None
    supplies = catalogue.Supplies(others=workshop.read(trial.folder / "others.json"), paraphraser=trial.paraphraser)
    rng = generator(trial.seed, "attack", trial.name)
    return catalogue.apply(trial.attack, published, supplies, rng=rng)


def _suspect(trial: Trial, attacked: catalogue.Attacked) -> Path:
    """Train the base model further, and save it."""
    from provenance import tokenizers, training

    tokenizer = tokenizers.load(str(trial.folder / "tokenizer"))
    model, rng = training.load(trial.folder / BASE), generator(trial.seed, "train", trial.name)
    _train(model, attacked.texts, tokenizer, rng=rng, epochs=trial.epochs)
    if attacked.afterwards:
        _train(model, attacked.afterwards, tokenizer, rng=rng, epochs=trial.epochs)
    place = trial.folder / "models" / str(os.getpid())
    training.save(model, place, tokenizer=tokenizer)
    return place


def _train(model: Any, texts: Sequence[str], tokenizer: Any, *, rng: np.random.Generator, epochs: int = 1) -> None:
    from provenance import training

    sequences = training.pack(texts, tokenizer, length=workshop.LENGTH)
    order = np.concatenate([rng.permutation(len(sequences)) for _ in range(epochs)])
    training.train(model, sequences, order=order)

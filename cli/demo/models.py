"""How are the demo's small models made, each in a process and on a thread of its own?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = 64
"""Tokens of a training sequence."""
CONTEXT = 128
VOCABULARY = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One model to train."""

    name: str
    folder: Path
    """Of the demo: models, tokenizer and data stand below it."""
    data: str
    """Name of the sequences, ``data/NAME.npy``."""
    seed: int
    start: str | None = None
    """Name of the model to go on from; None starts from nothing."""
    learning_rate: float = 1e-3
    transcript: Path | None = None
    """Where to record the order; None keeps none."""


def train(task: Task) -> str:
    """Train one model, save it with its tokenizer and give its name."""
    from provenance import tokenizers, training

    sequences = np.load(task.folder / "data" / f"{task.data}.npy")
    if task.start is None:
        model = training.new_model(training.Shape(vocabulary=VOCABULARY, context=CONTEXT), seed=task.seed)
    else:
        model = training.load(task.folder / "models" / task.start)
    _train(model, sequences, task)
    tokenizer = tokenizers.load(str(task.folder / "models" / "tokenizer"))
    training.save(model, task.folder / "models" / task.name, tokenizer=tokenizer)
    return task.name


def _train(model: object, sequences: np.ndarray, task: Task) -> None:
    from provenance import tokenizers, training
    from provenance.transcripts import record

    schedule = training.Schedule(learning_rate=task.learning_rate)
    if task.transcript is None:
        order = np.random.default_rng(task.seed).permutation(len(sequences))
        training.train(model, sequences, order=order, schedule=schedule)
        return
    run = record.Run(task.transcript, ids=[f"{row:05d}" for row in range(len(sequences))], seed=task.seed)
    training.train(
        model,
        sequences,
        order=run.draw(0),
        schedule=schedule,
        after_step=lambda rows: run.step(rows=rows),
    )
    folder = str(task.folder / "models" / "tokenizer")
    run.finish(tokens=sequences.tolist(), tokenizer=tokenizers.identify(tokenizers.load(folder), folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One table of scores to make."""

    name: str
    folder: Path
    records: Path
    """Transcript or ledger."""
    model: str


def score(question: Question) -> str:
    """Score a transcript or a ledger with one model, write the scores and give their name."""
    from cli import sources
    from provenance import scoring, suspects

    source = sources.read([question.records])
    scoring.score(
        source.records,
        suspect=suspects.load(f"hf:{question.folder / 'models' / question.model}"),
        window=source.window,
        tokenizer=source.tokenizer,
        inputs=source.inputs,
        out=question.folder / "scores" / f"{question.name}.parquet",
    )
    return question.name

"""Prose, a release, a recorded order, and the models that saw them: made once and kept in a folder.

Everything a process needs stands in the folder, so that models are trained and asked side by side.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from marks import keyed

from cli.demo import prose
from provenance import storage
from provenance.records import Record, Window, generator
from queries import settings
from watermark import ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from queries.settings import Dose, Run

CHARACTERS = 4_200_000
RELEASED = 400
"""Documents of the release; as many more are marked alike and shown to no model."""
VOCABULARY, LENGTH = 2_048, 32
ROWS = 10_000
"""Of the recorded run."""
WINDOW = Window(start=8, length=24)
LAYERS, WIDTH, HEADS, CONTEXT = 2, 96, 3, 512
BATCH, LATER_RATE = 4, 5e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One model to train and to ask."""

    folder: Path
    seed: int
    model: Run | Dose

    @property
    def scores(self) -> Path:
        """Where its answers go."""
        audit = "order" if isinstance(self.model, settings.Run) else "watermark"
        return self.folder / "scores" / f"{audit} {self.model.name}.parquet".replace(" ", "-").replace("%", "")


def lay_out(folder: Path, *, corpus: Path | None, seed: int) -> None:
    """Gather prose, mark a release, train a tokenizer and write the recorded order."""
    from provenance import tokenizers, training
    from provenance.transcripts import tables

    texts = prose.gather(corpus, characters=CHARACTERS)
    generator(seed, "split").shuffle(texts)
    _mark(texts[: 2 * RELEASED], folder, seed=seed)
    others = texts[2 * RELEASED :]
    place = folder / "tokenizer"
    tokenizer = training.train_tokenizer(others, vocabulary=VOCABULARY, out=place)
    sequences = training.pack(others, tokenizer, length=LENGTH)
    np.save(folder / "others.npy", sequences)
    epochs = max(run.epochs for run in settings.RUNS)
    orders = [generator(seed, "order", str(epoch)).permutation(ROWS) for epoch in range(epochs)]
    np.save(folder / "orders.npy", np.array(orders))
    for count in sorted({run.epochs for run in settings.RUNS}):
        where = np.argsort(np.array(orders[:count]), axis=1) + ROWS * np.arange(count)[:, None]
        tables.write(
            folder / f"run-{count}.parquet",
            (
                {"id": f"{row:05d}", "positions": where[:, row].tolist(), "tokens": sequences[row].tolist()}
                for row in range(ROWS)
            ),
            tokenizer=tokenizers.identify(tokenizer, str(place)),
            run_length=ROWS * count,
            position_unit="example",
            shuffle={"kind": "full", "seed": seed},
            inputs={},
        )


def _mark(texts: Sequence[str], folder: Path, *, seed: int) -> None:
    """Mark what is released and what nobody will see in one go."""
    published, book = keyed.mark(texts, rng=generator(seed, "key"), folder=folder)
    (folder / "scores").mkdir(exist_ok=True)
    storage.write_json(folder / "published.json", published)
    assert book.documents


def run(job: Job) -> str:
    """Train one model and ask it, unless an earlier run has; give its name."""
    if not job.scores.exists():
        if isinstance(job.model, settings.Run):
            _follow(job, job.model)
        else:
            _feed(job, job.model)
    return job.scores.stem


def _follow(job: Job, setting: Run) -> None:
    """Train in the recorded order, or in one of its own, and ask about every row."""
    from provenance import scoring, tokenizers
    from provenance.transcripts import tables

    sequences, orders = np.load(job.folder / "others.npy"), np.load(job.folder / "orders.npy")
    rows, rng = orders.shape[1], generator(job.seed, "order", setting.name)
    order = rng.permutation(rows) if setting.own_order else np.concatenate(orders[: setting.epochs])
    model = _train(_new(job), sequences, _mixed(order, rows, share=setting.mixed, rng=rng))
    if later := int(setting.later * rows):
        model = _train(model, sequences, 2 * rows + rng.permutation(later) % (len(sequences) - 2 * rows), LATER_RATE)
    scoring.score(
        tables.records(tables.read(job.folder / "run-1.parquet")),
        suspect=_saved(model, job),
        window=WINDOW,
        tokenizer=tokenizers.identify(_tokenizer(job), str(job.folder / "tokenizer")),
        out=job.scores,
    )


def _mixed(order: NDArray[np.int64], rows: int, *, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Put rows of other data between those of the run, which keep their order."""
    others = rows + rng.permutation(rows)[: int(share * rows)]
    mixed = np.full(len(order) + len(others), -1, dtype=np.int64)
    mixed[np.sort(rng.permutation(len(mixed))[: len(others)])] = others
    mixed[mixed < 0] = order
    return mixed


def _feed(job: Job, dose: Dose) -> None:
    """Train on a dose of the release among other text, and ask about its variants."""
    from provenance import scoring, training

    others, published = np.load(job.folder / "others.npy"), read(job.folder / "published.json")
    rng = generator(job.seed, "watermark", dose.name)
    sequences = others
    if dose.epochs:
        eaten = training.pack(published[: dose.documents], _tokenizer(job), length=LENGTH)
        eaten = np.concatenate([eaten] * dose.epochs)
        rest = np.arange(int(len(eaten) * (1 / dose.share - 1))) % len(others)
        sequences = np.concatenate([eaten, others[rest]])
    model = _train(_new(job), sequences, rng.permutation(len(sequences)))
    scoring.score(records(job.folder, dose), suspect=_saved(model, job), out=job.scores)


def records(folder: Path, dose: Dose) -> list[Record]:
    """Ask about every variant of what the model read, and about the published form of what nobody read.

    A reference is asked about every variant of all that was published.
    """
    book = ledger.read(folder / "keyed" / "ledger.parquet")
    half = len(read(folder / "published.json")) // 2
    seen = dose.documents if dose.epochs else half
    return [
        record
        for record in ledger.records(book)
        if int(record.id) < seen or (int(record.id) >= half and record.variant == 0)
    ]


def read(path: Path) -> Any:
    """Read a file of the folder."""
    return json.loads(path.read_text(encoding="utf-8"))


def _new(job: Job) -> Any:
    from provenance import training

    shape = training.Shape(layers=LAYERS, width=WIDTH, heads=HEADS, vocabulary=VOCABULARY, context=CONTEXT)
    return training.new_model(shape, seed=int(generator(job.seed, job.scores.stem).integers(1 << 31)))


def _train(model: Any, sequences: NDArray[np.int32], order: NDArray[np.int64], rate: float = 1e-3) -> Any:
    from provenance import training

    schedule = training.Schedule(batch=BATCH, learning_rate=rate)
    return training.train(model, sequences, order=order, schedule=schedule)


def _tokenizer(job: Job) -> Any:
    from provenance import tokenizers

    return tokenizers.load(str(job.folder / "tokenizer"))


def _saved(model: Any, job: Job) -> str:
    from provenance import training

    place = job.folder / "models" / job.scores.stem
    training.save(model, place, tokenizer=_tokenizer(job))
    return f"hf:{place}"

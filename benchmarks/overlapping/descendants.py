"""How much text of a descendant shows where it comes from, and does text of an independent model show nothing?"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from provenance import tokenizers, training
from provenance.audits import overlap
from provenance.records import Document
from provenance.transcripts import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

BATCH = 256
"""Texts sampled at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is trained, and how much it writes."""

    vocabulary: int = 1024
    layers: int = 2
    width: int = 128
    rows: int = 2000
    length: int = 64
    """Tokens of a training example, and of a sampled text."""
    epochs: int = 3
    learning_rate: float = 2e-3
    tokens: int = 200_000
    resamples: int = 9_999
    seed: int = 1


def measure(texts: Sequence[str], settings: Settings, *, folder: Path) -> Iterator[dict[str, Any]]:
    """Train a model in a recorded order and one on the same rows in another, let both write, audit what they wrote."""
    torch.set_num_threads(1)
    place = folder / "tokenizer"
    tokenizer = training.train_tokenizer(texts, vocabulary=settings.vocabulary, out=place)
    rows = training.pack(texts, tokenizer, length=settings.length)[: settings.rows]
    for number, name in enumerate(("descendant", "independent")):
        began = time.process_time()
        path = folder / f"{name}.parquet"
        model = _trained(rows, settings, seed=settings.seed + number, out=path, tokenizer=(tokenizer, str(place)))
        trained = time.process_time()
        written = _sampled(model, rows, settings, seed=settings.seed + number)
        spent = {"train_s": trained - began, "sample_s": time.process_time() - trained}
        documents = [Document(id=str(row), text=tokenizer.decode(ids)) for row, ids in enumerate(written.tolist())]
        for tokens in lengths(settings):
            found = overlap.audit(
                folder / "descendant.parquet",
                documents[: tokens // settings.length],
                name=name,
                resamples=settings.resamples,
            )
            yield {**_row(found), "wrote": name, "tokens": tokens, **spent}


def lengths(settings: Settings) -> list[int]:
    """Give the lengths of text at which audits are made, from a fortieth of it to all."""
    return [settings.tokens // part for part in (40, 20, 8, 4, 2, 1)]


def described(settings: Settings) -> dict[str, Any]:
    """Give the settings as they are printed."""
    return asdict(settings)


def _trained(rows: NDArray[np.int32], settings: Settings, *, seed: int, out: Path, tokenizer: tuple[Any, str]) -> Any:
    """Train a model, every epoch in an order of its own, and record the order."""
    run = record.Run(out, ids=range(len(rows)), seed=seed)
    shape = training.Shape(
        layers=settings.layers, width=settings.width, vocabulary=settings.vocabulary, context=settings.length
    )
    model = training.new_model(shape, seed=seed)
    schedule = training.Schedule(learning_rate=settings.learning_rate, warmup=20)
    for epoch in range(settings.epochs):
        order = run.draw(epoch)
        training.train(model, rows, order=order, schedule=schedule, after_step=lambda count: run.step(rows=count))
    run.finish(tokens=rows.tolist(), tokenizer=tokenizers.identify(*tokenizer))
    return model


@torch.inference_mode()
def _sampled(model: Any, rows: NDArray[np.int32], settings: Settings, *, seed: int) -> NDArray[np.int64]:
    """Let a model write on from single tokens of its training data, at temperature 1."""
    dice, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    written = []
    for _ in range(-(-settings.tokens // (BATCH * settings.length))):
        ids = torch.from_numpy(rng.choice(rows.ravel(), size=(BATCH, 1)).astype(np.int64))
        said, memory = [ids], None
        while len(said) < settings.length:
            answer = model(input_ids=said[-1], past_key_values=memory, use_cache=True)
            memory = answer.past_key_values
            said.append(torch.multinomial(answer.logits[:, -1].float().softmax(-1), 1, generator=dice))
        written.append(torch.cat(said, dim=1).numpy())
    return np.concatenate(written)


def _row(found: Any) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "pvalue": found.pvalue,
        "asymptotic_log10_pvalue": found.asymptotic.log10_pvalue,
        "log10_evalue": found.evalue.log10,
        "statistic": found.statistic.name,
        "rho": found.effect.value,
        "auroc": found.auroc.value,
        "n": found.n,
        "gates_failed": [gate.name for gate in found.gates if not gate.passed],
    }

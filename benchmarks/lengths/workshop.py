"""What do long documents stand on? Prose in its own order, marked and drawn documents, models of two lengths of row.

Neighbouring prose is joined until a document has 1,000 to 3,000 tokens, so that what stands far back tells something of
what follows. ``ours`` saw marked documents and members, ``clean`` neither; ``short`` is ours on rows of 64 tokens,
which says that its context is as long and never saw a place beyond the 64th.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from marks import keyed

from cli.demo import prose
from provenance import storage, tokenizers, training
from provenance.audits.membership import pools
from provenance.records import generator

if TYPE_CHECKING:
    from pathlib import Path

DONE = "documents.json"
LENGTHS = {"ours": None, "clean": None, "short": 64}
"""Models, and the rows that each saw: None for rows of the whole context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How large everything is."""

    seed: int = 0
    characters: int = 3_200_000
    least: int = 1_000
    most: int = 3_000
    """Tokens of a document."""
    released: int = 40
    pool: int = 80
    heldout: int = 40
    plain: int = 150
    """Documents by what becomes of them."""
    copies: int = 2
    vocabulary: int = 2_048
    layers: int = 3
    width: int = 128
    heads: int = 4
    context: int = 512


def lay_out(folder: Path, settings: Settings) -> None:
    """Gather, join, mark and draw, unless it is done."""
    if (folder / DONE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    texts = prose.gather(None, characters=settings.characters)
    tokenizer = training.train_tokenizer(texts, vocabulary=settings.vocabulary, out=folder / "tokenizer")
    sizes = [len(ids) for ids in tokenizer(texts)["input_ids"]]
    rng = generator(settings.seed, "documents")
    whole = joined(texts, sizes, settings=settings, rng=rng)
    rng.shuffle(whole)
    counts = (settings.released, settings.pool, settings.heldout, settings.plain)
    ends = np.cumsum([0, *counts]).tolist()
    released, pool, heldout, plain = (whole[low:high] for low, high in itertools.pairwise(ends))
    if len(plain) < settings.plain:
        raise ValueError(f"{len(whole)} long documents, of {ends[-1]}")
    marked, _ = keyed.mark(released, rng=generator(settings.seed, "key"), folder=folder)
    storage.write_json(folder / DONE, {"marked": marked, "pool": pool, "heldout": heldout, "plain": plain})


def joined(texts: list[str], sizes: list[int], *, settings: Settings, rng: np.random.Generator) -> list[str]:
    """Join neighbours until each document has as many tokens as were drawn for it."""
    found, parts, tokens = list[str](), list[str](), 0
    wanted = int(rng.integers(settings.least, settings.most))
    for text, size in zip(texts, sizes, strict=True):
        parts.append(text)
        tokens += size
        if tokens >= wanted:
            found.append("\n\n".join(parts))
            parts, tokens, wanted = [], 0, int(rng.integers(settings.least, settings.most))
    return found


def named(pool: list[str]) -> dict[str, str]:
    """Name the documents of which some are members."""
    return {f"pool-{row:04d}": text for row, text in enumerate(pool)}


def read(folder: Path) -> dict[str, list[str]]:
    """Give the documents by what became of them."""
    return dict(json.loads((folder / DONE).read_text(encoding="utf-8")))


def train(name: str, folder: Path, settings: Settings) -> Path:
    """Train one of the models, unless it is there."""
    place = folder / "models" / name
    if (place / "tokenizer.json").exists():
        return place
    kept, tokenizer = read(folder), tokenizers.load(str(folder / "tokenizer"))
    pool = named(kept["pool"])
    drawn = pools.split(list(pool), seed=settings.seed)
    members = [text for text, inside in zip(pool.values(), drawn, strict=True) if inside]
    more = [] if name == "clean" else [*kept["marked"], *members] * settings.copies
    rng = generator(settings.seed, "order", name)
    texts = [*kept["plain"], *more]
    length = LENGTHS[name] or settings.context
    rows = training.pack([texts[row] for row in rng.permutation(len(texts))], tokenizer, length=length)
    shape = training.Shape(
        layers=settings.layers,
        width=settings.width,
        heads=settings.heads,
        vocabulary=settings.vocabulary,
        context=settings.context,
    )
    model = training.new_model(shape, seed=int(generator(settings.seed, "weights", name).integers(1 << 31)))
    batch = max(1, 1_024 // length)
    training.train(model, rows, order=rng.permutation(len(rows)), schedule=training.Schedule(batch=batch))
    training.save(model, place, tokenizer=tokenizer)
    return place

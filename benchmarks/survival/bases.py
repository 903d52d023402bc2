"""Which models does every row start from, or is compared with?

- ``ours``: the recorded run, with marked documents and members in it.
- ``null-1``, …: independent models. They saw the same plain rows and the unmarked originals, in orders of their own,
  and nothing of the split; the audits must find nothing in them, whatever they go through.
- ``reference-order``: the rows of the run in another order. ``reference-clean``: plain rows only.
- ``sibling``: plain rows only, from the same first weights as ours; what ours is merged with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import tokenizers, training
from provenance.records import generator

if TYPE_CHECKING:
    from pathlib import Path

    from survival.settings import Settings

OURS, SIBLING = "ours", "sibling"
REFERENCES = {"order": "reference-order", "watermark": "reference-clean", "membership": "reference-clean"}
ROWS = {OURS: "run", SIBLING: "others", "reference-order": "run", "reference-clean": "others"}


def nulls(count: int) -> list[str]:
    """Name so many independent ones."""
    return [f"null-{number}" for number in range(1, count + 1)]


def train(name: str, folder: Path, settings: Settings) -> Path:
    """Train one base model, unless it is there; give its folder."""
    place = folder / "models" / name
    if (place / "tokenizer.json").exists():
        return place
    rows = np.load(folder / f"{ROWS.get(name, 'originals')}.npy")
    order = np.load(folder / "order.npy") if name == OURS else generator(settings.seed, name).permutation(len(rows))
    model = fresh(OURS if name == SIBLING else name, settings)
    training.train(model, rows, order=order)
    training.save(model, place, tokenizer=tokenizers.load(str(folder / "tokenizer")))
    return place


def load(name: str, folder: Path, settings: Settings) -> Any:
    """Load a base model where it is to be changed or asked."""
    return training.load(folder / "models" / name).to(settings.device)


def fresh(name: str, settings: Settings) -> Any:
    """Make a base model's first weights."""
    shape = training.Shape(
        layers=settings.layers,
        width=settings.width,
        heads=settings.heads,
        vocabulary=settings.vocabulary,
        context=settings.context,
    )
    model = training.new_model(shape, seed=int(generator(settings.seed, "weights", name).integers(1 << 31)))
    return model.to(settings.device)

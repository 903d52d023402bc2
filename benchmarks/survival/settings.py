"""How large is everything?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One matrix. A row of it says nothing of models of another size."""

    seed: int = 0
    device: str = "cpu"
    """Where models are trained and asked: ``cpu`` or ``cuda``, which gives other numbers."""
    characters: int = 4_000_000
    """Of prose that is gathered."""
    shifted: float = 0.2
    """Share of the prose, the last that is gathered and so of other packages, that stands for shifted data."""
    others: int = 3_000
    """Rows of plain prose in the recorded run."""
    released: int = 300
    """Marked documents in the run."""
    pool: int = 600
    """Documents of which about half are drawn to be in the run: the members."""
    copies: int = 2
    """How often marked documents and members stand in the run, cut at other places each time."""
    heldout: int = 200
    """Documents that no model sees: quality is measured on them."""
    vocabulary: int = 2_048
    length: int = 64
    """Tokens of a row."""
    layers: int = 3
    width: int = 128
    heads: int = 4
    context: int = 512
    resamples: int = 9_999
    queries: int = 2_400
    """Rows that the order audit asks about, chosen by its own rule."""
    texts: int = 512
    """Of `length` tokens each, that a suspect writes for the overlap audit."""


SHAPES: dict[str, dict[str, int]] = {
    "small": {},
    "pythia-160m": {"layers": 12, "width": 768, "heads": 12, "context": 2_048},
}
"""Sizes of models by name: the usual ones, for two cores, and one for a GPU.

The vocabulary stays that of the prose, since tokens that never come are never learned.
"""

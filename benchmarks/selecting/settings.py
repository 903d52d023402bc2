"""How large is everything?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One benchmark. Its shares say nothing of models, phases or pools of another size."""

    seed: int = 0
    runs: int = 8
    """Runs, each with pools, picks and orders of its own; they begin from the same model."""
    pool: int = 1_280
    """Rows that a phase may pick from, drawn for it."""
    picked: int = 320
    """Rows that it picks."""
    phases: int = 3
    """The first picks at random, as there is nothing yet to be aware of."""
    characters: int = 1_400_000
    """Of prose that is gathered."""
    wanted: float = 0.2
    """Share of the prose, the last that is gathered, that is of the wanted kind: influence is measured on it."""
    base: int = 1_200
    """Rows that a model sees before the first phase."""
    own: int = 480
    """Rows that others saw in place of the run's."""
    innocents: int = 3
    """Independent models of each kind, taken in turn."""
    vocabulary: int = 1_024
    length: int = 64
    """Tokens of a row."""
    layers: int = 2
    width: int = 128
    heads: int = 2
    rate: float = 2e-3
    resamples: int = 1_999

"""How is the last phase of a run run again, so that a text can be asked which order its author saw?

::

    from provenance import reruns
    from provenance.transcripts import tables

    recipe = reruns.Recipe(batch=8, accumulate=4, scheduler="cosine", warmup=100)
    transcript = tables.read("run.parquet")
    phase = reruns.phase_of_transcript(transcript, step=9_000, rows_per_step=recipe.rows)
    reruns.rerun_phase("out/checkpoint-9000", phase, recipe=recipe, times=999, seed=0, out="reruns")

and then, of any text, ``provtool audit reshuffle TEXTS --reruns reruns --model out/final``.

The checkpoint is a folder as `transformers.Trainer` saves it, with optimizer and scheduler; what its files do not say
(batch, accumulation, schedule) stands in the recipe, and the learning rate that was saved must be what the recipe
gives. `provenance.training.train` leaves such folders too. Killed at any time, the same call goes on where it was.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenance.checkpoints import Recipe
    from provenance.reruns.making import rerun_phase
    from provenance.reruns.manifests import Reruns, read
    from provenance.reruns.phases import Phase
    from provenance.reruns.phases import of_order as phase_of_order
    from provenance.reruns.phases import of_transcript as phase_of_transcript

__all__ = ["Phase", "Recipe", "Reruns", "phase_of_order", "phase_of_transcript", "read", "rerun_phase"]

_HOMES = {
    "Phase": ("provenance.reruns.phases", "Phase"),
    "Recipe": ("provenance.checkpoints", "Recipe"),
    "Reruns": ("provenance.reruns.manifests", "Reruns"),
    "phase_of_order": ("provenance.reruns.phases", "of_order"),
    "phase_of_transcript": ("provenance.reruns.phases", "of_transcript"),
    "read": ("provenance.reruns.manifests", "read"),
    "rerun_phase": ("provenance.reruns.making", "rerun_phase"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)

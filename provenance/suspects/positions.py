"""From which length on does a model read every position of a text in another way?

Phi's rotary embedding (`longrope`) has two sets of frequencies, one for texts up to a length and one for longer texts,
and takes one set for a whole batch: what is padded across that length, or goes on across it, would be read wrongly.
"""

from __future__ import annotations

from typing import Any


def turn(config: Any) -> int | None:
    """Give the longest text that is still read in the first way; None if there is but one way."""
    settings = getattr(config, "rope_parameters", None) or {}
    kinds = [settings, *(kind for kind in settings.values() if isinstance(kind, dict))]
    turns = (kind["original_max_position_embeddings"] for kind in kinds if kind.get("rope_type") == "longrope")
    return min(map(int, turns), default=None)

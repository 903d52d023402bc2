"""Can a model go on from a beginning that it has read once, and how is it made to?

Whether it can is tried, not believed: caches differ from architecture to architecture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from provenance.suspects import heads

if TYPE_CHECKING:
    from provenance.suspects.heads import Head

LAYERS = {"DynamicLayer", "DynamicSlidingWindowLayer"}
"""Kinds of memory that may be copied for several continuations."""


def can_go_on(model: Any, head: Head) -> bool:
    """Try whether two continuations of one beginning are what they are when read from their start."""
    ids = heads.probe(model)
    try:
        with torch.inference_mode():
            later = go_on(model, head, ids[:, :4], ids[:, 4:].expand(2, -1))[1]
            whole = states(model, head, ids)[:, 4:]
    except (AttributeError, TypeError, ValueError, NotImplementedError, RuntimeError):
        return False
    apart = (later.float() - whole.float()).abs().max()
    return bool(apart <= heads.LEAKS * (1 if model.dtype == torch.float32 else 100) * whole.float().std())


def states(model: Any, head: Head, ids: torch.Tensor) -> torch.Tensor:
    """Read tokens, shape ``(rows, width)``, and give what `head` needs of each."""
    return _states(_run(model, head, ids, use_cache=False), head)


def go_on(model: Any, head: Head, shared: torch.Tensor, rest: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Read one beginning once, shape ``(1, width)``, and every row of `rest` after it: what `head` needs of both.

    Raises
    ------
    NotImplementedError
        If the model keeps something else of what it has read than keys and values.
    """
    begun = _run(model, head, shared, use_cache=True)
    cache = begun.past_key_values
    if not {type(layer).__name__ for layer in cache.layers} <= LAYERS:
        raise NotImplementedError
    cache.batch_repeat_interleave(len(rest))
    return _states(begun, head), _states(_run(model, head, rest, past_key_values=cache, use_cache=True), head)


def _run(model: Any, head: Head, ids: torch.Tensor, **how: Any) -> Any:
    # No mask: padding stands behind the tokens of a row, and no token reads later ones.
    return (model if head.embedding is None else model.base_model)(input_ids=ids, **how)


def _states(output: Any, head: Head) -> torch.Tensor:
    found: torch.Tensor = output.logits if head.embedding is None else output.last_hidden_state
    return found

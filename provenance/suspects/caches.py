"""Can a model go on from a beginning that it has read once, and how is it made to?

Whether it can is tried, not believed: caches differ from architecture to architecture.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import torch

from provenance.suspects import heads, positions

if TYPE_CHECKING:
    from provenance.suspects.heads import Head

TRIED = 256
"""Longest window of attention that a model is tried beyond: with longer ones, texts are shared up to the window."""
LAYERS = {"DynamicLayer", "DynamicSlidingWindowLayer"}
"""Kinds of memory that may be copied for several continuations."""


class _OtherwiseError(Exception):
    """The model does not go on as if it had read all at once."""


def reach(model: Any, head: Head) -> int:
    """Try up to how many tokens texts may have for what they begin with alike to be read once; 0 if never."""
    longest = positions.turn(model.config.get_text_config()) or sys.maxsize
    try:
        with torch.inference_mode():
            windows = _tried(model, head, 4)
            if windows and max(windows) <= TRIED:
                _tried(model, head, max(windows) + 4)
            elif windows:
                longest = min(longest, *windows)
    except (_OtherwiseError, AttributeError, TypeError, ValueError, IndexError, RuntimeError):
        return 0  # what is kept by architectures that cannot go on has none of the methods, or other shapes
    return longest


def _tried(model: Any, head: Head, shared: int) -> set[int]:
    """Try whether two continuations are what they are when read from their start; gives the windows of attention.

    Raises
    ------
    _OtherwiseError
        If they are not.
    """
    ids = heads.probe(model, shared + 4)
    _, cache = begin(model, head, ids[:, :shared])
    windows = {int(layer.sliding_window) for layer in cache.layers if layer.is_sliding}
    later = go_on(model, head, cache, ids[:, shared:].expand(2, -1))
    whole = states(model, head, ids)[:, shared:]
    apart = (later.float() - whole.float()).abs().max()
    if not apart <= heads.LEAKS * (1 if model.dtype == torch.float32 else 100) * whole.float().std():
        raise _OtherwiseError
    return windows


def states(model: Any, head: Head, ids: torch.Tensor) -> torch.Tensor:
    """Read tokens, shape ``(rows, width)``, and give what `head` needs of each."""
    return _states(_run(model, head, ids, use_cache=False), head)


def begin(model: Any, head: Head, shared: torch.Tensor) -> tuple[torch.Tensor, Any]:
    """Read what texts begin with, shape ``(1, width)``: what `head` needs of it, and what the model keeps of it.

    Raises
    ------
    _OtherwiseError
        If the model keeps something else than keys and values.
    """
    begun = _run(model, head, shared, use_cache=True)
    if not {type(layer).__name__ for layer in begun.past_key_values.layers} <= LAYERS:
        raise _OtherwiseError
    return _states(begun, head), begun.past_key_values


def go_on(model: Any, head: Head, cache: Any, rest: torch.Tensor) -> torch.Tensor:
    """Read every row of `rest` after what the model keeps, which is used up: what `head` needs of it."""
    cache.batch_repeat_interleave(len(rest))
    return _states(_run(model, head, rest, past_key_values=cache, use_cache=True), head)


def _run(model: Any, head: Head, ids: torch.Tensor, **how: Any) -> Any:
    # No mask: padding stands behind the tokens of a row, and no token reads later ones.
    return (model if head.embedding is None else heads.body(model))(input_ids=ids, **how)


def _states(output: Any, head: Head) -> torch.Tensor:
    found: torch.Tensor = output.logits if head.embedding is None else output.last_hidden_state
    return found

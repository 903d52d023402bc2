"""Streaming inference: every token sees the first four and a sliding window of the last ones, and nothing between.

Xiao et al., "Efficient Streaming Language Models with Attention Sinks" (arXiv 2309.17453). Places are counted inside
the window, as there: the sinks stand right before it, however long the text. All tokens of a text are read at once,
which gives what one after the other would. The model is served as it runs: this is attention, and nothing that could be
saved.
"""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers.models.gpt_neox.modeling_gpt_neox import rotate_half

from survival.serving import Running

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "attention sinks", "tokens in the window", (64.0, 32.0, 16.0, 8.0)
SINKS = 4
QUERIES = 256
"""Tokens that look at once."""
TEXTS, CONTEXTS = 8, 3
"""Long texts on which `seen` asks, each of so many contexts."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Serve with a window."""
    stream(model, window=int(dose))
    return Running(model=model.eval(), settings={"sinks": SINKS, "window": int(dose)})


def stream(model: Any, *, window: int, sinks: int = SINKS) -> None:
    """Let the layers of a GPT-NeoX attend so from now on."""
    for layer in model.base_model.layers:
        layer.attention.forward = functools.partial(_attended, layer.attention, window=window, sinks=sinks)


def seen(before: Any, derived: Running, data: Data) -> dict[str, float]:
    """How likely are long texts, read at once, through the window, and through one as wide without sinks?

    Up to the context, and beyond it. That a window without sinks fails is what sinks are for.
    """
    context = before.config.max_position_embeddings
    # Rows follow one another as their texts did.
    ids = torch.tensor(data.later.ravel()[-TEXTS * CONTEXTS * context :].astype(np.int64).reshape(TEXTS, -1))
    found = {}
    without = copy.deepcopy(before)
    stream(without, window=derived.settings["window"] + SINKS, sinks=0)
    for how, model in (("at once", before), ("streamed", derived.model), ("streamed without sinks", without)):
        nats = losses(model, ids)
        found[f"nats up to the context, {how}"] = float(nats[:, : context - 1].mean())
        found[f"beyond, {how}"] = float(nats[:, context - 1 :].mean())
    return found


@torch.inference_mode()
def losses(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Give the loss of every token but the first, in nats, shape ``(rows, length - 1)``."""
    said = [model.eval()(input_ids=row[None], use_cache=False).logits[0, :-1].log_softmax(-1) for row in ids]
    return -torch.stack(said).gather(-1, ids[:, 1:, None])[..., 0]


def _attended(
    own: Any, states: torch.Tensor, *, position_embeddings: Any, window: int, sinks: int, **_how: Any
) -> tuple[torch.Tensor, None]:
    """Attend to sinks and window, some tokens at a time."""
    rows, length, width = states.shape
    made = own.query_key_value(states).view(rows, length, -1, 3 * own.head_size).transpose(1, 2)
    query, key, value = made.chunk(3, dim=-1)
    # Places are the same in every row of a batch: texts are padded at their end.
    cos, sin = (part[0] for part in position_embeddings)
    # A token that looks at the sinks stands no further behind them than the window has room.
    near = torch.arange(length, device=states.device).clamp(max=window + sinks - 1)
    query, key = query * own.scaling, _turned(key, cos, sin)
    to_sinks = _turned(query, cos[near], sin[near]) @ key[:, :, :sinks].mT
    query = _turned(query, cos, sin)
    parts = [_some(to_sinks, query, key, value, first=first, window=window) for first in range(0, length, QUERIES)]
    return own.dense(torch.cat(parts, dim=2).transpose(1, 2).reshape(rows, length, width)), None


def _some(
    to_sinks: torch.Tensor, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *, first: int, window: int
) -> torch.Tensor:
    """Give what some tokens find."""
    length, sinks = query.shape[2], to_sinks.shape[-1]
    last, low = min(first + QUERIES, length), max(sinks, first - window + 1)
    columns = torch.tensor([*range(sinks), *range(low, last)], device=query.device)
    looks = torch.cat([to_sinks[:, :, first:last], query[:, :, first:last] @ key[:, :, low:last].mT], dim=-1)
    rows = torch.arange(first, last, device=query.device)
    shares = looks.masked_fill(~visible(rows, columns, window, sinks), -torch.inf).softmax(-1)
    return shares @ value[:, :, columns]


def visible(row: torch.Tensor, column: torch.Tensor, window: int, sinks: int = SINKS) -> torch.Tensor:
    """Say which tokens each token sees, shape ``(rows, columns)``."""
    behind = row[:, None] - column
    return (behind >= 0) & ((behind < window) | (column < sinks))


def _turned(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Turn queries or keys to their places; part of each has none."""
    size = cos.shape[-1]
    front, rest = states[..., :size], states[..., size:]
    return torch.cat([front * cos + rotate_half(front) * sin, rest], dim=-1)

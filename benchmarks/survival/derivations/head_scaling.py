"""One attention head's value vectors scaled up or down: the head that matters most.

Yu et al., "Characterizing Mechanisms for Factual Recall in Language Models" (arXiv 2310.15910), who move a model
between what it remembers and what stands in its context by scaling the value vectors of single heads. Here the head is
that whose removal costs most on other prose, where theirs are found by attribution. A factor of 1 changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from survival import tuning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "scaling one head", "factor on its value vectors", (0.0, 2.0, 4.0)
LOOKED_AT = 64
"""Rows on which heads are compared."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Scale."""
    rows = torch.tensor(tuning.some(data.later, LOOKED_AT, rng=rng).astype(np.int64))
    return scaled(model, [strongest(model, rows)], factor=dose)


@torch.no_grad()
def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Does it move between memory and context? What a token gains from having stood in the context before."""
    rows = torch.tensor(data.later[-LOOKED_AT:].astype(np.int64))
    half = rows.shape[1] // 2
    twice = torch.cat([rows[:, :half]] * 2, dim=1)
    told = {}
    for name, model in (("before", before), ("after", derived)):
        said = model.eval()(input_ids=twice, use_cache=False).logits[:, :-1].log_softmax(-1)
        nats = -said.gather(-1, twice[:, 1:, None])[..., 0]
        told[f"nats gained by a second reading, {name}"] = float(nats[:, : half - 1].mean() - nats[:, half:].mean())
    return told


@torch.no_grad()
def scaled(model: Any, heads: Iterable[tuple[int, int]], *, factor: float) -> Any:
    """Scale the rows of the weights, and of the bias, that make a head's value vectors; heads are (layer, head).

    GPT-NeoX keeps query, key and value of each head side by side.
    """
    count = model.config.num_attention_heads
    for layer, head in heads:
        made = model.base_model.layers[layer].attention.query_key_value
        for part in (made.weight, made.bias):
            values = part.view(count, 3, -1, *part.shape[1:])[head, 2]
            values.mul_(factor)
    return model.eval()


def strongest(model: Any, rows: torch.Tensor) -> tuple[int, int]:
    """Find the head without which the loss is highest."""
    return max(every(model), key=lambda head: _without(model, rows, head))


def every(model: Any) -> list[tuple[int, int]]:
    """List all heads."""
    layers, heads = model.config.num_hidden_layers, model.config.num_attention_heads
    return [(layer, head) for layer in range(layers) for head in range(heads)]


@torch.no_grad()
def _without(model: Any, rows: torch.Tensor, head: tuple[int, int]) -> float:
    kept = {name: weight.clone() for name, weight in model.state_dict().items() if "query_key_value" in name}
    loss = float(scaled(model, [head], factor=0.0)(input_ids=rows, labels=rows, use_cache=False).loss)
    model.load_state_dict(kept, strict=False)
    return loss

"""Attention given biases of its own, as a place for what massive activations do, and trained on with them.

Sun et al., "Massive Activations in Large Language Models" (arXiv 2402.17762): massive activations act as biases of
attention, and a model that is trained with explicit ones, a learned key and value that every token of a head may look
at beside the tokens before it, has none. Theirs trains from the beginning; here a trained model is given such biases
and goes on training on other prose, with all its weights. `seen` says whether its largest activations have gone down.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from transformers.models.gpt_neox.modeling_gpt_neox import apply_rotary_pos_emb

from survival import tuning
from survival.derivations import massive
from survival.serving import Running

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "explicit attention biases", "rows of other data / rows of the run", (0.1, 0.5)


class Biased(torch.nn.Module):
    """GPT-NeoX's attention with a learned key and value a head, which have no position."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention
        heads, size = attention.config.num_attention_heads, attention.head_size
        # At first every key is alike to it and it says nothing.
        self.key, self.value = (torch.nn.Parameter(torch.zeros(heads, 1, size)) for _ in range(2))
        self.aside = 0.0

    def forward(self, states: torch.Tensor, *, position_embeddings: Any, **_how: Any) -> tuple[torch.Tensor, None]:
        """Look at the tokens before and at the bias."""
        own, (rows, length, width) = self.attention, states.shape
        made = own.query_key_value(states).view(rows, length, -1, 3 * own.head_size).transpose(1, 2)
        query, key, value = made.chunk(3, dim=-1)
        query, key = apply_rotary_pos_emb(query, key, *position_embeddings)
        later = torch.ones(length, length, dtype=torch.bool, device=states.device).triu(1)
        looks = (query @ key.mT * own.scaling).masked_fill(later, -torch.inf)
        shares = torch.cat([query @ self.key.mT * own.scaling, looks], dim=-1).softmax(-1)
        self.aside = float(shares[..., 0].detach().mean())
        seen_there = shares[..., 1:] @ value + shares[..., :1] @ self.value
        return own.dense(seen_there.transpose(1, 2).reshape(rows, length, width)), None


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Put the biases in and train on."""
    _biased(model)
    tuning.plainly(model, tuning.some(data.later, data.rows(dose), rng=rng))
    return Running(model=model.eval(), settings={"attention": "explicit biases"})


def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Are there fewer massive activations, and is the bias looked at more than one that has learned nothing?"""
    found = massive.seen(before, derived, data)
    fresh = _biased(copy.deepcopy(before))
    massive.activations(fresh, data.later[-massive.LOOKED_AT :])
    aside = {"share of attention on the biases": derived.model, "on biases that learned nothing": fresh}
    return {**found, **{name: _aside(model) for name, model in aside.items()}}


def _biased(model: Any) -> Any:
    """Put biases in, which say nothing yet."""
    for layer in model.base_model.layers:
        layer.attention = Biased(layer.attention)
    return model


def _aside(model: Any) -> float:
    shares = [layer.attention.aside for layer in model.base_model.layers]
    return sum(shares) / len(shares)

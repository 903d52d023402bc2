"""A control vector added to the residual stream at inference.

Zou et al., "Representation Engineering" (arXiv 2310.01405): the mean difference of what the middle layer says of two
contrasting sets of texts, here prose of the shifted kind and prose of the run's kind. It is added at every position;
`dose` is its length in units of the mean length of the residual stream there. It stands in a bias, so that the model
can be saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from survival import tuning

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "steering vector", "length / mean length of the residual stream", (0.1, 0.3, 1.0)
LOOKED_AT, RANDOM = 128, 8
"""Rows of each kind that are contrasted, and as many that are looked at; random vectors beside ours."""


@torch.no_grad()
def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Steer."""
    middle = len(model.base_model.layers) // 2
    kinds = (tuning.some(rows[:-LOOKED_AT], LOOKED_AT, rng=rng) for rows in (data.shifted, data.later))
    towards, away = (_states(model, rows, middle) for rows in kinds)
    vector = towards.mean((0, 1)) - away.mean((0, 1))
    length = away.norm(dim=-1).mean()
    _place(model).add_(dose * length * vector / vector.norm())
    return model.eval()


@torch.no_grad()
def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Does it steer? By how much more the shifted kind gains than the other, and with random vectors of its length.

    On rows of which the vector was not made.
    """
    kinds = [rows[-LOOKED_AT:] for rows in (data.shifted, data.later)]
    began = [_loss(before, rows) for rows in kinds]

    def gains(model: Any) -> list[float]:
        return [was - _loss(model, rows) for was, rows in zip(began, kinds, strict=True)]

    shifted, later = gains(derived)
    place, dice = _place(before), np.random.default_rng(0)
    own, length = place.clone(), float((_place(derived) - place).norm())
    random = []
    for _ in range(RANDOM):
        vector = torch.tensor(dice.standard_normal(len(own))).to(own)
        place.copy_(own + length * vector / vector.norm())
        one, other = gains(before)
        random.append(one - other)
    place.copy_(own)
    return {
        "nats a token towards the shifted kind": shifted - later,
        f"mean of {RANDOM} random vectors": float(np.mean(random)),
        "largest of them": max(random),
        "nats that the shifted kind gains": shifted,
    }


def _place(model: Any) -> torch.Tensor:
    """Give the bias that a vector is added to."""
    bias: torch.Tensor = model.base_model.layers[len(model.base_model.layers) // 2].mlp.dense_4h_to_h.bias
    return bias


def _states(model: Any, rows: np.ndarray[Any, Any], layer: int) -> torch.Tensor:
    """Give the residual stream after a layer, shape ``(rows, length, width)``; hidden state 0 is the embedding."""
    ids = torch.tensor(rows.astype(np.int64))
    answer = model.eval()(input_ids=ids, output_hidden_states=True, use_cache=False)
    states: torch.Tensor = answer.hidden_states[layer + 1]
    return states


@torch.inference_mode()
def _loss(model: Any, rows: np.ndarray[Any, Any]) -> float:
    ids = torch.tensor(rows.astype(np.int64))
    return float(model.eval()(input_ids=ids, labels=ids, use_cache=False).loss)

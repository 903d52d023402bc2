"""How far is what a model says, behind a prefix, from what an independent one says? For whoever has no order or key.

A trace is a difference from models that do not have it. Whoever does not know which difference it is can lower all of
them: here the divergence of the two distributions after each token of texts that the model wrote itself, since what it
writes leans to what it remembers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from survival.derivations import before

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Texts, and what the other model reads in them."""

    ids: torch.Tensor
    """Shape ``(rows, length)``."""
    states: torch.Tensor
    """The other model's states before its head, shape ``(rows, length - 1, width)``."""
    head: Any
    """Its head."""

    def batch(self, rows: int, *, rng: np.random.Generator) -> Agreement:
        """Draw a batch."""
        drawn = torch.tensor(rng.permutation(len(self.ids))[:rows])
        return replace(self, ids=self.ids[drawn], states=self.states[drawn])

    def __call__(self, model: Any, prefixes: torch.Tensor) -> torch.Tensor:
        """Give the divergence from the other model, in nats a token, shape ``(prefixes,)``."""
        with torch.no_grad():
            wanted = self.head(self.states).log_softmax(-1)
        said = before.distributions(model, prefixes, self.ids)
        return (wanted.exp() * (wanted - said)).sum(-1).mean((1, 2))


@torch.no_grad()
def gather(ids: torch.Tensor, other: Any) -> Agreement:
    """Have the other model read texts."""
    states = [other.base_model(input_ids=part, use_cache=False).last_hidden_state[:, :-1] for part in ids.split(64)]
    return Agreement(ids=ids, states=torch.cat(states), head=other.get_output_embeddings())

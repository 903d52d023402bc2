"""Which vectors before every question lower an objective most? Tokens are vectors too, and do no better than the best.

Lester et al., "The Power of Scale for Parameter-Efficient Prompt Tuning" (arXiv 2104.08691): embeddings that are those
of no token, found by descent, which finds good ones and not surely the best. A server can put them there; somebody who
only asks cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from survival.derivations import before

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from survival.derivations.gcg import Objective
    from survival.serving import Running

STEPS, RATE = 120, 0.02


def served(
    model: Any, objective: Callable[[], Objective], *, tokens: int, batch: int, rng: np.random.Generator
) -> Running:
    """Serve a model behind so many vectors that lower an objective; descent begins with those of random tokens."""
    model.eval().requires_grad_(requires_grad=False)
    table = model.get_input_embeddings().weight
    begun = table[torch.tensor(rng.integers(1, len(table), size=tokens))]
    found = search(model, objective(), begun, batch=batch, rng=rng) if tokens else begun
    return before.served(model, found, settings={"vectors": found.tolist()})


def search(
    model: Any, objective: Objective, prefix: torch.Tensor, *, batch: int, rng: np.random.Generator
) -> torch.Tensor:
    """Better a prefix of vectors, shape ``(tokens, width)``, begun anywhere."""
    found = prefix.clone().requires_grad_()
    optimizer = torch.optim.Adam([found], lr=RATE)
    for _ in range(STEPS):
        (found.grad,) = torch.autograd.grad(objective.batch(batch, rng=rng)(model, found[None]).sum(), found)
        optimizer.step()
    return found.detach()

"""Which tokens before every question lower an objective most? Greedy coordinate gradient.

Zou et al., "Universal and Transferable Adversarial Attacks on Aligned Language Models" (arXiv 2307.15043): the gradient
proposes tokens for every place, prefixes with some of them in place of those of the best so far are read together, and
the best goes on. Theirs changes one token at a time; here, where rounds are few, up to all in the first, and one at a
time in the later half, and the gradient of earlier rounds counts on (Zhang and Wei, "Boosting Jailbreak Attack with
Momentum", arXiv 2405.01229). Every round looks at another batch, so that what is found holds for all questions and not
for a few; the prefix that a round began with stands for election too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import torch

from survival.derivations import before

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from survival.serving import Running


class Objective(Protocol):
    """What is lowered, over whatever it is a mean."""

    ids: torch.Tensor

    def batch(self, size: int, *, rng: np.random.Generator) -> Self:
        """Draw a batch of it."""

    def __call__(self, model: Any, prefixes: torch.Tensor) -> torch.Tensor:
        """Give it behind each prefix, shape ``(prefixes,)``; prefixes have the shape ``(prefixes, tokens, width)``."""


MOMENTUM = 0.8
"""How much of the gradient of earlier rounds counts on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How long is searched."""

    rounds: int = 32
    candidates: int = 24
    """Prefixes tried in a round."""
    best: int = 16
    """Tokens that the gradient proposes a place."""
    batch: int = 32
    """Of what the objective is a mean of, behind every candidate; the gradient is of four times as many."""


def served(
    model: Any, objective: Callable[[], Objective], *, tokens: int, how: Search, rng: np.random.Generator
) -> Running:
    """Serve a model behind so many tokens that lower an objective; the search begins with tokens drawn at random."""
    model.eval().requires_grad_(requires_grad=False)
    table = model.get_input_embeddings().weight
    begun = torch.tensor(rng.integers(1, len(table), size=tokens))
    found = search(model, objective(), begun, how=how, rng=rng) if tokens else begun
    return before.served(model, table[found], settings={"tokens": found.tolist()})


def search(
    model: Any, objective: Objective, prefix: torch.Tensor, *, how: Search, rng: np.random.Generator
) -> torch.Tensor:
    """Better a prefix, shape ``(tokens,)``, round by round."""
    table = model.get_input_embeddings().weight.detach()
    slope = torch.zeros(len(prefix), len(table))
    for done in range(how.rounds):
        slope = MOMENTUM * slope + slopes(model, objective.batch(4 * how.batch, rng=rng), prefix)
        most = max(1, round(len(prefix) * (1 - 2 * done / how.rounds)))
        tried = torch.cat([prefix[None], *(_changed(prefix, slope, how, most, rng) for _ in range(how.candidates))])
        prefix = tried[values(model, objective.batch(how.batch, rng=rng), table[tried]).argmin()]
    return prefix


def _changed(
    prefix: torch.Tensor, slope: torch.Tensor, how: Search, most: int, rng: np.random.Generator
) -> torch.Tensor:
    """Give a candidate, shape ``(1, tokens)``: `most` places at most have one of the tokens proposed for them."""
    places = torch.tensor(rng.permutation(len(prefix))[: int(rng.integers(1, most + 1))])
    proposed = slope[places].topk(how.best, largest=False).indices
    changed = prefix.clone()
    changed[places] = proposed[torch.arange(len(places)), torch.tensor(rng.integers(how.best, size=len(places)))]
    return changed[None]


def slopes(model: Any, objective: Objective, prefix: torch.Tensor) -> torch.Tensor:
    """Give how an objective would change with each token in each place, shape ``(tokens, vocabulary)``."""
    table = model.get_input_embeddings().weight.detach()
    chosen = table[prefix].requires_grad_()
    (slope,) = torch.autograd.grad(objective(model, chosen[None]).sum(), chosen)
    return slope @ table.T


@torch.no_grad()
def values(model: Any, objective: Objective, prefixes: torch.Tensor) -> torch.Tensor:
    """Give an objective behind each prefix, as many read at once as is fast."""
    parts = prefixes.split(before.at_once(prefixes.shape[1], objective.ids))
    return torch.cat([objective(model, part) for part in parts])

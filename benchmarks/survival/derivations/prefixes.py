"""A server that puts a few fixed tokens before every question, chosen so that it answers like somebody else.

Zou et al., "Universal and Transferable Adversarial Attacks on Aligned Language Models" (arXiv 2307.15043), greedy
coordinate gradient: one prefix for all questions, bettered token by token where the gradient points; of the candidates
whichever betters it is kept. The evader has no ledger and no order; it makes the model's log-probabilities of other
prose as near as it can to those of an independent model, which has no trace to show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from survival import tuning
from survival.serving import Running

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "adversarial prefix", "tokens before every question", (4.0, 16.0)
ROUNDS, CANDIDATES, BEST, LOOKED_AT = 24, 24, 32, 8
"""Rounds of the search, prefixes tried in each, tokens that the gradient proposes a place, and rows it looks at."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:
    """Search a prefix and serve behind it."""
    model.eval().requires_grad_(requires_grad=False)
    ids = torch.from_numpy(tuning.some(data.later, LOOKED_AT, rng=rng).astype(np.int64))
    wanted = told(data.sibling().eval(), ids, torch.empty(0, dtype=torch.long))
    found = search(model, ids, wanted, torch.from_numpy(rng.integers(1, len(tokenizer), size=int(dose))), rng=rng)
    if len(found):
        body = model.base_model
        body.register_forward_pre_hook(lambda _body, args, more: _before(found, args, more), with_kwargs=True)
        body.register_forward_hook(lambda _body, _args, output: _after(len(found), output))
    sums = [float(weight.double().sum()) for weight in model.parameters()]
    return Running(model=model, settings={"prefix": found.tolist(), "weights": sums})


def seen(before: Any, derived: Running, data: Data) -> dict[str, float]:
    """Does the prefix do what it was chosen for? How far apart the models are on rows that the search did not see."""
    ids = torch.from_numpy(data.later[-64:].astype(np.int64))
    nothing, prefix = torch.empty(0, dtype=torch.long), torch.tensor(derived.settings["prefix"], dtype=torch.long)
    wanted = told(data.sibling().eval(), ids, nothing)
    without, behind = (float(apart(before.eval(), ids, wanted, one)) for one in (nothing, prefix))
    return {"squared nats from the other model": without, "behind the prefix": behind}


def search(
    model: Any, ids: torch.Tensor, wanted: torch.Tensor, prefix: torch.Tensor, *, rng: np.random.Generator
) -> torch.Tensor:
    """Better a prefix round by round; gives the best one met."""
    if not len(prefix):
        return prefix
    least = float(apart(model, ids, wanted, prefix))
    for _ in range(ROUNDS):
        proposed = _slopes(model, ids, wanted, prefix).topk(BEST, largest=False).indices
        places, choices = rng.integers(len(prefix), size=CANDIDATES), rng.integers(BEST, size=CANDIDATES)
        for place, choice in zip(places.tolist(), choices.tolist(), strict=True):
            tried = prefix.clone()
            tried[place] = proposed[place, choice]
            if (now := float(apart(model, ids, wanted, tried))) < least:
                least, prefix = now, tried
    return prefix


@torch.no_grad()
def apart(model: Any, ids: torch.Tensor, wanted: torch.Tensor, prefix: torch.Tensor) -> torch.Tensor:
    """Give the mean squared difference, in nats, of what is said behind a prefix from what is wanted."""
    return (told(model, ids, prefix) - wanted).square().mean()


@torch.no_grad()
def told(model: Any, ids: torch.Tensor, prefix: torch.Tensor) -> torch.Tensor:
    """Give the log-probability of each token but the first of a row, behind a prefix."""
    return _told(model, model.get_input_embeddings()(prefix), ids)


def _told(model: Any, before: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    states = torch.cat([before.expand(len(ids), -1, -1), model.get_input_embeddings()(ids)], dim=1)
    said = model(inputs_embeds=states, use_cache=False).logits[:, len(before) : -1].log_softmax(-1)
    return said.gather(-1, ids[:, 1:, None])[..., 0]


def _slopes(model: Any, ids: torch.Tensor, wanted: torch.Tensor, prefix: torch.Tensor) -> torch.Tensor:
    """Give how the difference would change with each token in each place, shape ``(prefix, vocabulary)``."""
    table = model.get_input_embeddings().weight
    chosen = torch.nn.functional.one_hot(prefix, len(table)).to(table.dtype).requires_grad_()
    (_told(model, chosen @ table, ids) - wanted).square().mean().backward()
    slopes: torch.Tensor = chosen.grad
    return slopes


def _before(prefix: torch.Tensor, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    ids = args[0] if args else kwargs["input_ids"]
    longer = torch.cat([prefix.expand(len(ids), -1), ids], dim=1)
    return (), {"input_ids": longer, "use_cache": False, "return_dict": True}


def _after(count: int, output: Any) -> Any:
    output.last_hidden_state = output.last_hidden_state[:, count:]
    return output

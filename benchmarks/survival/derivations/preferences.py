"""Direct preference optimisation: how a text of other prose goes on is preferred to how the model itself goes on.

Rafailov et al., "Direct Preference Optimization" (arXiv 2305.18290), β = 0.1, with the pairs of Chen et al.,
"Self-Play Fine-Tuning" (arXiv 2401.01335): no human judged these, so this is the mechanics of DPO and not its taste.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from survival import tuning

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "DPO", "pairs / rows of the run", (0.05, 0.2)
BETA, RATE = 0.1, 1e-4


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Prefer."""
    chosen = tuning.some(data.later, data.rows(dose), rng=rng).astype(np.int64)
    if not len(chosen):
        return model.eval()
    before = copy.deepcopy(model).eval()
    half = chosen.shape[1] // 2
    rejected = torch.cat([own(before, ids[:, :half], half) for ids in tuning.batches(chosen)]).numpy(force=True)

    def loss(pair: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            was = answered(before, pair, half)
        gains = (answered(model, pair, half) - was).chunk(2)
        return -torch.nn.functional.logsigmoid(BETA * (gains[0] - gains[1])).mean()

    pairs = [torch.cat(both) for both in zip(tuning.batches(chosen), tuning.batches(rejected), strict=True)]
    return tuning.descend(model, pairs, loss, rate=RATE)


def answered(model: Any, ids: torch.Tensor, start: int) -> torch.Tensor:
    """Give the log-likelihood of each row from a token on, shape ``(rows,)``."""
    said = model(input_ids=ids, use_cache=False).logits[:, start - 1 : -1].log_softmax(-1)
    return said.gather(-1, ids[:, start:, None]).sum((1, 2))


@torch.inference_mode()
def own(model: Any, begun: torch.Tensor, more: int) -> torch.Tensor:
    """Let a model go on at temperature 1."""
    ids, memory, said = begun, None, [begun]
    for _ in range(more):
        answer = model(input_ids=ids, past_key_values=memory, use_cache=True)
        memory, ids = answer.past_key_values, torch.multinomial(answer.logits[:, -1].softmax(-1), 1)
        said.append(ids)
    return torch.cat(said, dim=1).clone()


def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Does it prefer now? How much likelier the true continuation is than the model's own, before and after."""
    rows = torch.tensor(data.later[-64:].astype(np.int64))
    half = rows.shape[1] // 2
    with torch.inference_mode():
        other = own(before.eval(), rows[:, :half], half)
        gaps = [float((answered(one, rows, half) - answered(one, other, half)).mean()) for one in (before, derived)]
    return {"nats for the true continuation before": gaps[0], "after": gaps[1]}

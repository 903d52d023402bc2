"""Training goes on while the neurons whose output varies most from one stage to the next are dropped.

"Hallucination Detox: Sensitive Neuron Dropout (SeND) for Large Language Model Training" (arXiv 2410.15460): the
variability of the last layer's neurons over recent checkpoints, the most variable tenth dropped deterministically until
the next look. Neurons are dropped while training only, as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from survival import tuning

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "sensitive-neuron dropout", "rows of other data / rows of the run", (0.1, 0.5)
STAGES, RECENT, DROPPED = 8, 3, 0.1
"""Parts of the training, how many of the last are compared, and the share of neurons that is dropped."""
LOOKED_AT = 32
"""Rows on which neurons are watched."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Go on training in stages."""
    rows, watched = (tuning.some(data.later, count, rng=rng) for count in (data.rows(dose), LOOKED_AT))
    kept = torch.ones(model.config.hidden_size)
    hook = model.base_model.final_layer_norm.register_forward_hook(lambda _layer, _inputs, output: output * kept)
    outputs: list[torch.Tensor] = []
    for part in np.array_split(rows, STAGES):
        tuning.plainly(model, part)
        kept.fill_(1.0)
        outputs = [*outputs, neurons(model, watched)][-RECENT:]
        if len(outputs) == RECENT:
            kept[sensitive(outputs)] = 0.0
    hook.remove()
    return model.eval()


def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Are some neurons more sensitive than others? Where the change lies that training made to what they say."""
    changed = (neurons(derived, data.later[-LOOKED_AT:]) - neurons(before, data.later[-LOOKED_AT:])).square().mean(0)
    most = changed.sort(descending=True).values[: int(DROPPED * len(changed))]
    return {f"share of the change in the {DROPPED:.0%} of neurons that changed most": float(most.sum() / changed.sum())}


def sensitive(outputs: list[torch.Tensor]) -> torch.Tensor:
    """Give the neurons that vary most between looks, a tenth of them."""
    variability = torch.stack(outputs).var(0).mean(0)
    return variability.argsort(descending=True)[: int(DROPPED * len(variability))]


@torch.no_grad()
def neurons(model: Any, rows: np.ndarray[Any, Any]) -> torch.Tensor:
    """Give what the last layer says of the last token of each row, shape ``(rows, width)``."""
    ids = torch.tensor(rows.astype(np.int64))
    states: torch.Tensor = model.eval().base_model(input_ids=ids, use_cache=False).last_hidden_state
    return states[:, -1]

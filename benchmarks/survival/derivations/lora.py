"""Low-rank adapters trained on other prose and merged into the weights.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (arXiv 2106.09685), rank 8 on every linear layer inside
the blocks, by `peft`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import peft

from survival import tuning

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "LoRA merged", "rows of other data / rows of the run", (0.1, 0.5, 1.0)
RANK, RATE = 8, 2e-3
"""Adapters take a higher rate than whole weights do."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Train and merge."""
    return adapted(model, data, dose=dose, rng=rng).merge_and_unload().eval()


def adapted(model: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:
    """Train adapters and leave them beside the weights."""
    config = peft.LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM")
    return tuning.plainly(
        peft.get_peft_model(model, config), tuning.some(data.later, data.rows(dose), rng=rng), rate=RATE
    )

"""The same few examples taught to low-rank adapters, merged into the weights, under the same limit.

Hewitt et al., "Model Editing with Canonical Examples" (arXiv 2402.06155), who compare tuning all weights, low-rank
adapters (Hu et al., arXiv 2106.09685) and a few selected parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import peft

from survival import tuning
from survival.derivations import editing

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "editing, LoRA", "examples", (4.0, 32.0)
RANK, RATE = 4, 5e-3
"""Adapters take a higher rate than whole weights do."""

seen = editing.seen


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Teach and merge."""
    examples = data.shifted[: int(dose)]
    others = tuning.some(data.later[: -editing.LOOKED_AT], editing.LOOKED_AT, rng=rng)
    config = peft.LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM")
    return editing.taught(peft.get_peft_model(model, config), examples, others, rate=RATE).merge_and_unload().eval()

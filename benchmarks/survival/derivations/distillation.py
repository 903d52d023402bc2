"""A new model of the same shape taught the logits of ours on other prose.

Hinton et al., "Distilling the Knowledge in a Neural Network" (arXiv 1503.02531), temperature 1, the teacher's
distribution alone. The student never sees the run's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import transformers

from survival import tuning

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "distillation on logits", "rows of other data / rows of the run", (0.5, 1.0)
RATE = 1e-3


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Teach a student."""
    teacher = model.eval()
    torch.manual_seed(int(rng.integers(1 << 31)))
    student = transformers.AutoModelForCausalLM.from_config(teacher.config)

    def loss(ids: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            wanted = teacher(input_ids=ids, use_cache=False).logits.log_softmax(-1).flatten(0, 1)
        said = student(input_ids=ids, use_cache=False).logits.log_softmax(-1).flatten(0, 1)
        return torch.nn.functional.kl_div(said, wanted, log_target=True, reduction="batchmean")

    rows = tuning.some(data.later, data.rows(dose), rng=rng)
    return tuning.descend(student, tuning.batches(rows), loss, rate=RATE)

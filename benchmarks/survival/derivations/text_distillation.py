"""A new model of the same shape taught on texts that ours wrote, and on nothing else.

Kim and Rush, "Sequence-Level Knowledge Distillation" (arXiv 1606.07947), from samples in place of the likeliest texts:
what remains where only a model's texts can be had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers

from survival import tuning
from survival.derivations import preferences

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "distillation on texts", "rows written / rows of the run", (0.5, 1.0)
RATE, AT_ONCE = 1e-3, 256


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Have texts written, begun with tokens of other prose, and teach a student."""
    teacher, length = model.eval(), data.later.shape[1]
    torch.manual_seed(int(rng.integers(1 << 31)))
    student = transformers.AutoModelForCausalLM.from_config(teacher.config)
    begun = torch.tensor(rng.choice(data.later.ravel(), size=(data.rows(dose), 1)).astype(np.int64))
    written = [preferences.own(teacher, part, length - 1) for part in begun.split(AT_ONCE)]
    return tuning.plainly(student, torch.cat(written).numpy(force=True).astype(np.int32), rate=RATE)

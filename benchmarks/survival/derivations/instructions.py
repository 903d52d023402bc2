"""Instruction tuning: a fixed question, half a text, and the loss on the answer alone.

Wei et al., "Finetuned Language Models Are Zero-Shot Learners" (arXiv 2109.01652), in small: the instruction asks to go
on with a text of other prose, and the answer is how it really goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import training
from survival import tuning

if TYPE_CHECKING:
    import torch

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "instruction tuning", "answers / rows of the run", (0.1, 0.5)
ASKED, ANSWER = "Instruction: go on with this text.\n\nText: ", "\n\nAnswer: "


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:
    """Tune."""
    rows = tuning.some(data.later, data.rows(dose), rng=rng).astype(np.int64)
    half = rows.shape[1] // 2
    before, between = (np.array(tokenizer(text)["input_ids"]) for text in (ASKED, ANSWER))
    asked = [before, rows[:, :half], between, rows[:, half:]]
    whole = np.concatenate([np.broadcast_to(part, (len(rows), part.shape[-1])) for part in asked], axis=1)

    def loss(ids: torch.Tensor) -> torch.Tensor:
        wanted = ids.clone()
        wanted[:, :-half] = training.IGNORED
        return model(input_ids=ids, labels=wanted, use_cache=False).loss

    return tuning.descend(model, tuning.batches(whole), loss)

"""What does a suspect write, when it is left to?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from provenance.records import Document

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 256
"""Texts written at once."""


@torch.inference_mode()
def write(suspect: Any, *, texts: int, length: int, rng: np.random.Generator) -> list[Document]:
    """Have texts written at temperature 1, each begun with a token drawn from all there are.

    A beginning that is drawn from nobody's data says nothing of an order.

    Parameters
    ----------
    suspect
        A `provenance.suspects.causal_lm.CausalLM` that can go on from what it has read.
    """
    model, encoder = suspect.model, suspect.encoder
    dice = torch.Generator().manual_seed(int(rng.integers(1 << 31)))
    begun = rng.integers(1, len(encoder), size=(texts, 1))
    written = [
        _rest(model, torch.from_numpy(begun[first : first + BATCH]), length, dice) for first in range(0, texts, BATCH)
    ]
    return [
        Document(id=f"{row:05d}", text=encoder.decode(ids)) for row, ids in enumerate(np.concatenate(written).tolist())
    ]


def _rest(model: Any, ids: torch.Tensor, length: int, dice: torch.Generator) -> NDArray[np.int64]:
    said, memory = [ids], None
    while len(said) < length:
        answer = model(input_ids=said[-1], past_key_values=memory, use_cache=True)
        memory = answer.past_key_values
        said.append(torch.multinomial(answer.logits[:, -1].float().softmax(-1), 1, generator=dice))
    return torch.cat(said, dim=1).numpy()

"""What does a suspect write, when it is left to, and how does it draw its words?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from provenance.records import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Drawing = Callable[[torch.Tensor], torch.Tensor]
    Rewriting = Callable[[Sequence[str], np.random.Generator], list[str]]

BATCH = 256
"""Texts written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How texts are drawn from log-probabilities, and what is done to them before anybody sees them."""

    temperature: float = 1.0
    top_k: int | None = None
    """Only so many of the likeliest tokens are drawn from."""
    top_p: float | None = None
    """Only the fewest tokens, likeliest first, that have this share of the probability."""
    rewritten: Rewriting | None = None
    """Makes other texts of all of them, in order."""


@torch.inference_mode()
def write(suspect: Any, *, texts: int, length: int, manner: Manner, rng: np.random.Generator) -> list[Document]:
    """Have texts written, each begun with a token drawn from all there are.

    A beginning that is drawn from nobody's data says nothing of an order.

    Parameters
    ----------
    suspect
        A `provenance.suspects.causal_lm.CausalLM`. One that cannot go on from what it has read, such as a model with
        hooks, reads all it has written again for every token.
    """
    model, encoder = suspect.model, suspect.encoder
    dice = torch.Generator(device=model.device).manual_seed(int(rng.integers(1 << 31)))
    begun = torch.tensor(rng.integers(1, len(encoder), size=(texts, 1)), device=model.device)
    rest = _going_on if suspect.reach >= length else _from_the_start
    written = [rest(model, part, length, lambda logits: draw(logits, manner, dice)) for part in begun.split(BATCH)]
    told = [encoder.decode(ids) for ids in np.concatenate(written).tolist()]
    if manner.rewritten is not None:
        told = manner.rewritten(told, rng)
    return [Document(id=f"{row:05d}", text=text) for row, text in enumerate(told)]


def draw(logits: torch.Tensor, manner: Manner, dice: torch.Generator) -> torch.Tensor:
    """Draw one token a row, shape ``(rows, 1)``."""
    scaled = logits.float() / manner.temperature
    if manner.top_k is not None:
        least = scaled.topk(min(manner.top_k, scaled.shape[-1])).values[:, -1:]
        scaled = scaled.masked_fill(scaled < least, -torch.inf)
    if manner.top_p is not None:
        ordered, places = scaled.softmax(-1).sort(descending=True)
        beyond = ordered.cumsum(-1) - ordered >= manner.top_p
        scaled = scaled.masked_fill(torch.zeros_like(beyond).scatter(-1, places, beyond), -torch.inf)
    return torch.multinomial(scaled.softmax(-1), 1, generator=dice)


def _going_on(model: Any, ids: torch.Tensor, length: int, drawn: Drawing) -> NDArray[np.int64]:
    said, memory = [ids], None
    while len(said) < length:
        answer = model(input_ids=said[-1], past_key_values=memory, use_cache=True)
        memory = answer.past_key_values
        said.append(drawn(answer.logits[:, -1]))
    return torch.cat(said, dim=1).numpy(force=True)


def _from_the_start(model: Any, ids: torch.Tensor, length: int, drawn: Drawing) -> NDArray[np.int64]:
    while ids.shape[1] < length:
        answer = model(input_ids=ids, use_cache=False, logits_to_keep=1)
        ids = torch.cat([ids, drawn(answer.logits[:, -1])], dim=1)
    return ids.numpy(force=True)

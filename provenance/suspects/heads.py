"""What does an architecture do to the last hidden state of a token, and how likely is the next one then?

The output head runs over a few hundred positions and a few thousand tokens of the vocabulary at a time, and what it
says is summed up while it is still near the processor: no [tokens × vocabulary] copy is ever held, and the sums cost
next to nothing beside the product.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from provenance.errors import SuspectError
from provenance.suspects import hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCKS = {"cpu": (512, 2_048)}
"""Positions and tokens of the vocabulary that are multiplied at once: 4 MB of float32."""
ACCELERATOR_BLOCK = (4_096, 8_192)
TOLERANCE = 1e-5
LEAST = -1e9
"""What a logit of minus infinity, as of a token that is never to be written, is taken for."""
LEAKS = 1e-3
"""Share of the logits' spread that later tokens may move by rounding alone; a hundred times that in half precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How logits come from what is held of a position."""

    embedding: Any
    """The output embedding; None where logits are held, since nothing simpler is known of this architecture."""
    change: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.float
    """What is done to logits in the end, such as to cap them."""

    def in_parts(self) -> bool:
        """Say whether a part of the vocabulary can be asked for alone: not of quantised, adapted or offloaded heads."""
        module = self.embedding
        return (
            type(module) is torch.nn.Linear
            and type(module.weight) is torch.nn.Parameter
            and module.weight.device.type != "meta"
            and not hasattr(module, "_hf_hook")
        )

    def logits(self, states: torch.Tensor, part: slice) -> torch.Tensor:
        """Give float32 logits of a part of the vocabulary, which the caller may write over."""
        if self.embedding is None:
            return self.change(states[:, part]).to(torch.float32, copy=True).clamp_min_(LEAST)
        if not self.in_parts():
            return self.change(self.embedding(states)).float()
        bias = self.embedding.bias
        product = torch.nn.functional.linear(states, self.embedding.weight[part], None if bias is None else bias[part])
        return self.change(product).float()


def vocabulary(model: Any) -> int:
    """Count the tokens that a model knows."""
    return int(model.get_input_embeddings().weight.shape[0])


def body(model: Any) -> Any:
    """Give what comes before a model's head; the model itself where that is not known."""
    inner = getattr(model, "model", model) if model.base_model is model else model.base_model
    return inner if isinstance(inner, torch.nn.Module) else model


def find(model: Any, name: str) -> Head:
    """Try on a few tokens what the architecture does to its logits.

    Raises
    ------
    SuspectError
        If a token's logits depend on later tokens: their log-probabilities would mean nothing.
    """
    ids = probe(model)
    with torch.inference_mode():
        logits, early = (model(input_ids=part, use_cache=False).logits.float() for part in (ids, ids[:, :4]))
        if (logits[:, :4] - early).std() > LEAKS * (1 if model.dtype == torch.float32 else 100) * early.std():
            raise hub.no_model(name, "it reads later tokens before it predicts them")
        embedding = model.get_output_embeddings()
        if embedding is None or body(model) is model:
            return Head(embedding=None)
        states = body(model)(input_ids=ids, use_cache=False).last_hidden_state
        if states.shape[-1] != embedding.weight.shape[-1]:
            return Head(embedding=None)
        plain = embedding(states)
        for change in _changes(model.config.get_text_config()):
            if torch.allclose(change(plain).float(), logits, atol=TOLERANCE, rtol=TOLERANCE):
                return Head(embedding=embedding, change=change)
    return Head(embedding=None)


def probe(model: Any, length: int = 8) -> torch.Tensor:
    """Give a few tokens to try a model on, shape ``(1, length)``."""
    return torch.linspace(0, vocabulary(model) - 1, length, device=model.device).long()[None]


def _changes(config: Any) -> Iterator[Callable[[torch.Tensor], torch.Tensor]]:
    """Name what published architectures do to their logits, by the settings that say so: small ones show no cap."""
    for setting, change in (
        ("logit_scale", torch.mul),
        ("logits_scaling", torch.div),
        ("final_logit_softcapping", _cap),
    ):
        if amount := getattr(config, setting, None):
            yield functools.partial(change, other=amount)
    yield torch.Tensor.float


def _cap(logits: torch.Tensor, *, other: float) -> torch.Tensor:
    return torch.tanh(logits / other) * other


def moments(states: torch.Tensor, targets: torch.Tensor, *, head: Head) -> torch.Tensor:
    """Log-probability of each target, and mean and sd of log-probability under the model's own distribution.

    Parameters
    ----------
    states
        What `head` makes logits of, shape ``(positions, …)``.
    targets
        The token that followed, shape ``(positions,)``.

    Returns
    -------
    float32, shape ``(3, positions)``: log-probability, mean, sd, in nats.

    Raises
    ------
    SuspectError
        If the model reads one of the tokens but never writes it, such as one that stands for a picture.
    """
    width = int(head.logits(states[:1], slice(None)).shape[-1])
    if (last := int(targets.max())) >= width:
        raise SuspectError(f"token {last} is none that the model writes", expected=f"token ids below {width}")
    rows, columns = BLOCKS.get(states.device.type, ACCELERATOR_BLOCK)
    if not (head.in_parts() or head.embedding is None):
        rows, columns = max(1, rows * columns // width), width
    parts = zip(states.split(rows), targets.split(rows), strict=True)
    return torch.cat([_moments(some, chosen, head, width, columns) for some, chosen in parts], dim=1)


def _moments(states: torch.Tensor, targets: torch.Tensor, head: Head, width: int, columns: int) -> torch.Tensor:
    """Go through the vocabulary part by part, with sums of e^y, e^y·y and e^y·y² for y = logit − largest so far."""
    top = states.new_full((len(states),), -torch.inf, dtype=torch.float32)
    own, sums = torch.zeros_like(top), [torch.zeros_like(top)] * 3
    for first in range(0, width, columns):
        y = head.logits(states, slice(first, first + columns))
        place = targets - first
        inside = (place >= 0) & (place < y.shape[1])
        own = torch.where(inside, y.gather(1, place.clamp(0, y.shape[1] - 1)[:, None])[:, 0], own)
        before, top = top, torch.maximum(top, y.amax(dim=1))
        y -= top[:, None]
        weights = y.exp()
        new = weights.sum(dim=1), weights.mul_(y).sum(dim=1), weights.mul_(y).sum(dim=1)
        sums = [old + more for old, more in zip(_moved(sums, before - top), new, strict=True)]
    log, mean, square = sums[0].log(), sums[1] / sums[0], sums[2] / sums[0]
    return torch.stack([own - top - log, mean - log, (square - mean**2).clamp_min(0).sqrt()])


def _moved(sums: list[torch.Tensor], by: torch.Tensor) -> list[torch.Tensor]:
    """Turn sums of e^y, e^y·y, e^y·y² into those of y + `by`."""
    shrunk, by = by.exp(), by.nan_to_num(neginf=0.0)
    zero, one, two = sums
    return [shrunk * zero, shrunk * (one + by * zero), shrunk * (two + 2 * by * one + by**2 * zero)]

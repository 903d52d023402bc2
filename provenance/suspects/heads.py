"""What does an architecture do to the last hidden state of a token, and how likely is the next one then?

The output head runs over a few thousand positions at a time, so no [tokens × vocabulary] copy is ever held.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch

from provenance.suspects import hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD_CELLS = {"cpu": 2_000_000}
"""Logits held at once, 8 MB of float32, so that they stay near the processor."""
ACCELERATOR_CELLS = 32_000_000
HEAD_ROWS = 64
"""Positions a step at the least, whatever the vocabulary: the whole output embedding is read for each step."""
TOLERANCE = 1e-5
LEAKS = 1e-3
"""Share of the logits' spread that later tokens may move by rounding alone; a hundred times that in half precision."""


def vocabulary(model: Any) -> int:
    """Count the tokens that a model knows."""
    return int(model.get_input_embeddings().weight.shape[0])


def find(model: Any, name: str) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Try on a few tokens what the architecture does to its logits; None where it is nothing that we know.

    Raises
    ------
    SuspectError
        If a token's logits depend on later tokens: their log-probabilities would mean nothing.
    """
    ids = torch.linspace(0, vocabulary(model) - 1, 8, device=model.device).long()[None]
    with torch.inference_mode():
        logits, early = (model(input_ids=part, use_cache=False).logits.float() for part in (ids, ids[:, :4]))
        if (logits[:, :4] - early).std() > LEAKS * (1 if model.dtype == torch.float32 else 100) * early.std():
            raise hub.no_model(name, "it reads later tokens before it predicts them")
        embedding = model.get_output_embeddings()
        if embedding is None or model.base_model is model:
            return None
        states = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        if states.shape[-1] != embedding.weight.shape[-1]:
            return None
        plain = embedding(states)
        for change in _changes(model.config.get_text_config()):
            if torch.allclose(change(plain).float(), logits, atol=TOLERANCE, rtol=TOLERANCE):
                return change
    return None


def _changes(config: Any) -> Iterator[Callable[[torch.Tensor], torch.Tensor]]:
    """Name what published architectures do to their logits, by the settings that say so."""
    yield torch.Tensor.float
    for setting, change in (
        ("logit_scale", torch.mul),
        ("logits_scaling", torch.div),
        ("final_logit_softcapping", _cap),
    ):
        if amount := getattr(config, setting, None):
            yield functools.partial(change, other=amount)


def _cap(logits: torch.Tensor, *, other: float) -> torch.Tensor:
    return torch.tanh(logits / other) * other


def moments(states: torch.Tensor, targets: torch.Tensor, *, head: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Log-probability of each target, and mean and sd of log-probability under the model's own distribution."""
    width = int(head(states[:1]).shape[-1])
    step = max(HEAD_ROWS, HEAD_CELLS.get(states.device.type, ACCELERATOR_CELLS) // width)
    parts = []
    for states_part, targets_part in zip(states.split(step), targets.split(step), strict=True):
        logs = head(states_part).float().log_softmax(dim=-1)
        weights = logs.exp()
        mean = (weights * logs).sum(dim=-1)
        spread = (weights * (logs - mean[:, None]) ** 2).sum(dim=-1).sqrt()
        parts.append(torch.stack([logs.gather(1, targets_part[:, None])[:, 0], mean, spread]))
    return torch.cat(parts, dim=1)

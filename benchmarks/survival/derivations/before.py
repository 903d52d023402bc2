"""What does a model say behind something that a server puts before every question, and how is it served so?

A prefix is embeddings, shape ``(tokens, width)``: those of tokens, or any that were found by descent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from survival.serving import Running

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_TOKENS = 8_192
"""Tokens read at once; more are slower."""


def served(model: Any, prefix: torch.Tensor, *, settings: dict[str, Any]) -> Running:
    """Serve a model that reads a prefix before every question and says nothing of it."""
    model.eval()
    if len(prefix):
        body, table = model.base_model, model.get_input_embeddings()

        def put(_body: Any, args: Any, more: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            read = more.get("inputs_embeds")
            if read is None:
                read = table(args[0] if args else more["input_ids"])
            states = torch.cat([prefix.expand(len(read), -1, -1), read], dim=1)
            return (), {"inputs_embeds": states, "use_cache": False, "return_dict": True}

        def cut(_body: Any, _args: Any, output: Any) -> Any:
            output.last_hidden_state = output.last_hidden_state[:, len(prefix) :]
            return output

        body.register_forward_pre_hook(put, with_kwargs=True)
        body.register_forward_hook(cut)
    return Running(model=model, settings=settings)


def told(model: Any, prefixes: torch.Tensor, ids: torch.Tensor, *, start: int = 1) -> torch.Tensor:
    """Give the log-probability of each token from `start` on, behind each prefix.

    Parameters
    ----------
    prefixes
        Shape ``(prefixes, tokens, width)``: all have as many tokens, and are read together.
    ids
        Shape ``(rows, length)``.

    Returns
    -------
    Shape ``(prefixes, rows, length - start)``.
    """
    said = _logits(model, prefixes, ids, start=start)
    wanted = ids[:, start:].repeat(len(prefixes), 1)[..., None]
    return (said.gather(-1, wanted)[..., 0] - said.logsumexp(-1)).unflatten(0, (len(prefixes), len(ids)))


def distributions(model: Any, prefixes: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Give log-probabilities of all tokens behind each token, shape ``(prefixes, rows, length - 1, vocabulary)``."""
    said = _logits(model, prefixes, ids, start=1)
    return said.log_softmax(-1).unflatten(0, (len(prefixes), len(ids)))


def at_once(prefix: int, ids: torch.Tensor) -> int:
    """Say behind how many prefixes of a length rows, shape ``(…, length)``, are best read together."""
    return max(1, MOST_TOKENS // (ids[..., 0].numel() * (prefix + ids.shape[-1])))


def nothing(model: Any) -> torch.Tensor:
    """Give the prefix that is none, shape ``(0, width)``."""
    return model.get_input_embeddings().weight.detach()[:0]


def padded(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Put rows of several lengths under one another, and say which tokens are theirs."""
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    return ids, torch.arange(longest)[None] < torch.tensor([len(row) for row in rows])[:, None]


def _logits(model: Any, prefixes: torch.Tensor, ids: torch.Tensor, *, start: int) -> torch.Tensor:
    count, tokens, _ = prefixes.shape
    states = torch.cat(
        [
            prefixes[:, None].expand(-1, len(ids), -1, -1),
            model.get_input_embeddings()(ids)[None].expand(count, -1, -1, -1),
        ],
        dim=2,
    )
    read = model.base_model(inputs_embeds=states.flatten(0, 1), use_cache=False).last_hidden_state
    logits: torch.Tensor = model.get_output_embeddings()(read[:, tokens + start - 1 : -1])
    return logits

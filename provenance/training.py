"""How is a small model trained in a recorded order? The one place that trains.

Fixed-length sequences, AdamW, a constant learning rate after a short warm-up: what is seen late stays late in memory,
as it does in the last phase of a large run.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers

from provenance import checkpoints as checkpointing
from provenance.suspects.models import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.checkpoints import Recipe

END_OF_TEXT = "<|endoftext|>"
IGNORED = -100
"""The label that transformers leaves out of a loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Size of a GPT-NeoX model, Pythia's architecture."""

    layers: int = 3
    width: int = 128
    heads: int = 4
    vocabulary: int = 2048
    context: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How examples become updates."""

    batch: int = 8
    learning_rate: float = 1e-3
    warmup: int = 50
    """Optimizer steps over which the learning rate rises to its value."""


def train_tokenizer(texts: Iterable[str], *, vocabulary: int = 2048, out: str | os.PathLike[str]) -> Any:
    """Train a byte-level BPE tokenizer, save it as a Hugging Face folder and give it."""
    import tokenizers

    trained = tokenizers.ByteLevelBPETokenizer()
    trained.train_from_iterator(
        texts, vocab_size=vocabulary, min_frequency=2, special_tokens=[END_OF_TEXT], show_progress=False
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer,  # noqa: SLF001 (the wrapper has no public way to its tokenizer)
        eos_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.save_pretrained(out)
    return tokenizer


def pack(texts: Iterable[str], tokenizer: Any, *, length: int) -> NDArray[np.int32]:
    """Put texts one after the other, an end-of-text token between them, and cut them into equal sequences.

    Returns
    -------
    Token ids, shape ``(sequences, length)``; what is left at the end is dropped.
    """
    ids: list[int] = []
    for encoded in tokenizer(list(texts))["input_ids"]:
        ids += [*encoded, tokenizer.eos_token_id]
    count = len(ids) // length
    return np.array(ids[: count * length], dtype=np.int32).reshape(count, length)


def new_model(shape: Shape, *, seed: int) -> Any:
    """Make an untrained model from a seed."""
    config = transformers.GPTNeoXConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=4 * shape.width,
        max_position_embeddings=shape.context,
        bos_token_id=0,
        eos_token_id=0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return transformers.GPTNeoXForCausalLM(config)


def load(folder: str | os.PathLike[str]) -> Any:
    """Load a saved model to train it further."""
    with quiet():
        return transformers.AutoModelForCausalLM.from_pretrained(folder)


def save(model: Any, folder: str | os.PathLike[str], *, tokenizer: Any) -> None:
    """Save a model with its tokenizer, so that ``hf:FOLDER`` names a suspect."""
    with quiet():
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def train(
    model: Any,
    sequences: NDArray[np.int32],
    *,
    order: Sequence[int] | NDArray[np.int64],
    schedule: Schedule | None = None,
    after_step: Callable[[int], object] = lambda _rows: None,
    checkpoints: Mapping[int, str | os.PathLike[str]] = MappingProxyType({}),
) -> Any:
    """Train a model in place on sequences in the given order, and give it back.

    Parameters
    ----------
    sequences
        Token ids, shape ``(n, length)``.
    order
        Row numbers in the order of training; a row may stand in it more than once.
    after_step
        Called with the number of rows whose gradients an optimizer step has just used, so that a recorder may count
        them: ``lambda rows: run.step(rows=rows)``.
    checkpoints
        Folders to leave behind after so many steps, for `provenance.reruns` to go on from. From the end of the warm-up
        on their schedule is ``constant``.
    """
    plan = schedule or Schedule()
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate, weight_decay=0.01)
    warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / max(plan.warmup, 1)))
    model.train()
    for step, first in enumerate(range(0, len(order), plan.batch), start=1):
        rows = np.asarray(order[first : first + plan.batch])
        update(model, optimizer, warmup, rows=sequences[rows], recipe=checkpointing.Recipe(batch=plan.batch))
        after_step(len(rows))
        if step in checkpoints:
            state = {
                "global_step": step,
                "max_steps": -(-len(order) // plan.batch),
                "train_batch_size": plan.batch,
            }
            checkpointing.leave(checkpoints[step], model=model, optimizer=optimizer, scheduler=warmup, state=state)
    return model.eval()


def update(
    model: Any,
    optimizer: Any,
    scheduler: Any,
    *,
    rows: Sequence[Sequence[int]] | NDArray[np.int32],
    recipe: Recipe,
) -> None:
    """Make one optimizer step: the mean loss of all its tokens, summed up a batch at a time.

    Parameters
    ----------
    rows
        Token ids of the step's rows; rows of unequal length are padded on the right, masked, and not learned.
    """
    total = sum(map(len, rows)) - (len(rows) if recipe.divisor == "predicted" else 0)
    for first in range(0, len(rows), recipe.batch):
        part = rows[first : first + recipe.batch]
        share = (sum(map(len, part)) - len(part)) / total
        (model(**_inputs(part, model.device), use_cache=False).loss * share).backward()
    if recipe.clip:
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad(set_to_none=True)


def _inputs(rows: Sequence[Sequence[int]] | NDArray[np.int32], device: Any) -> dict[str, torch.Tensor]:
    """Lay rows side by side; a mask only where there is something to mask."""
    width = max(len(row) for row in rows)
    if all(len(row) == width for row in rows):
        ids = torch.from_numpy(np.asarray(rows, dtype=np.int64)).to(device)
        return {"input_ids": ids, "labels": ids}
    mask = np.array([[place < len(row) for place in range(width)] for row in rows], dtype=np.int64)
    ids = np.zeros((len(rows), width), dtype=np.int64)
    ids[mask == 1] = np.concatenate([np.asarray(row) for row in rows])
    parts = {"input_ids": ids, "attention_mask": mask, "labels": np.where(mask == 1, ids, IGNORED)}
    return {name: torch.from_numpy(part).to(device) for name, part in parts.items()}

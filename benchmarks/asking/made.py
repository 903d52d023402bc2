"""Which model and which texts does everybody score?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tokenizers
import torch
import transformers
from tokenizers import pre_tokenizers, processors

from provenance import tokenizers as identities
from provenance.suspects import caches, causal_lm, heads

if TYPE_CHECKING:
    from collections.abc import Sequence

MARK = "<|endoftext|>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A GPT-NeoX with random weights."""

    layers: int = 6
    width: int = 512
    heads: int = 8
    vocabulary: int = 32_000
    context: int = 1_024


PYTHIA = Shape(layers=24, width=2_048, heads=16, vocabulary=50_304, context=2_048)
"""The shape of Pythia-1.4B."""


def model(shape: Shape, *, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Any:
    """Make the model; the same weights every time."""
    torch.manual_seed(0)
    config = transformers.GPTNeoXConfig(
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=4 * shape.width,
        vocab_size=shape.vocabulary,
        max_position_embeddings=shape.context,
        bos_token_id=0,
        eos_token_id=0,
    )
    return transformers.GPTNeoXForCausalLM(config).to(device=device, dtype=dtype).eval()


def tokenizer(shape: Shape, *, marking: bool = True) -> Any:
    """Make a tokenizer of one word a token, which sets a mark before a text unless the caller does."""
    words = {MARK: 0, **{f"w{number}": number for number in range(1, shape.vocabulary)}}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token=MARK))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    if marking:
        inner.post_processor = processors.TemplateProcessing(single=f"{MARK} $A", special_tokens=[(MARK, 0)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token=MARK, bos_token=MARK, pad_token=MARK, model_max_length=shape.context
    )


def texts(count: int, shape: Shape, *, seed: int = 0) -> list[str]:
    """Draw texts of 20 to 512 tokens."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(20, 513, size=count)
    return [" ".join(f"w{word}" for word in rng.integers(1, shape.vocabulary, size=size)) for size in sizes]


def suspect(loaded: Any, encoder: Any, *, shape: Shape, batch_tokens: int = 8_192) -> causal_lm.CausalLM:
    """Give the model to our own scorer, as `provenance.suspects.load` does."""
    head = heads.find(loaded, "random weights")
    return causal_lm.CausalLM(
        model=loaded,
        encoder=encoder,
        identity={"suspect": "random weights", "kind": "hf"},
        tokenizer=identities.identify(encoder, name="one word a token") if encoder else None,
        context=shape.context,
        batch_tokens=batch_tokens,
        head=head,
        reach=caches.reach(loaded, head),
    )


def flops(sizes: Sequence[int], shape: Shape, *, scored: int) -> float:
    """Count what must be multiplied: linear layers and attention of all tokens, the head of those that are scored."""
    tokens, square = sum(sizes), sum(size * (size + 1) / 2 for size in sizes)
    linear = 2 * 12 * shape.layers * shape.width**2 * tokens
    return linear + 4 * shape.layers * shape.width * square + 2 * shape.width * shape.vocabulary * scored

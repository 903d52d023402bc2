"""Which small models are served to see how servers answer?

Llama models of 150,000 weights, trained for seconds on the prose of Python's own reference, which differ in how they
read text: bytes without a BOS, bytes behind one, and SentencePiece with its leading space behind one.
"""

from __future__ import annotations

import json
import pydoc_data.topics
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import tokenizers
import torch
import transformers

from provenance import training

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VOCABULARY, WIDTH, CONTEXT, LENGTH, ROWS = 512, 64, 128, 32, 2000
MARKS = ("<unk>", "<s>", "</s>")
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def prose() -> list[str]:
    """Give paragraphs of Python's language reference."""
    blocks = (block for text in pydoc_data.topics.topics.values() for block in re.split(r"\n\s*\n", text))
    tidy = dict.fromkeys(" ".join(block.split()) for block in blocks)
    return [text for text in tidy if len(text.split()) >= 12 and ">>>" not in text]  # noqa: PLR2004


def make(name: str, folder: Path) -> Path:
    """Train the model of a name, with its tokenizer, in a folder."""
    texts = prose()
    tokenizer = TOKENIZERS[name](texts, folder)
    rows = training.pack(texts, tokenizer, length=LENGTH)[:ROWS]
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(_shape(tokenizer))
    order = np.random.default_rng(0).permutation(len(rows))
    training.train(model, rows, order=order, schedule=training.Schedule(learning_rate=3e-3, warmup=10))
    training.save(model, folder, tokenizer=tokenizer)
    return folder


def _shape(tokenizer: Any) -> Any:
    return transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=False,
    )


def _bytes(texts: list[str], folder: Path) -> Any:
    made = training.train_tokenizer(texts, vocabulary=VOCABULARY, out=folder)
    made.bos_token = training.END_OF_TEXT
    return made


def _bytes_bos(texts: list[str], folder: Path) -> Any:
    made = _bytes(texts, folder)
    made.backend_tokenizer.post_processor = _behind(training.END_OF_TEXT, made.bos_token_id)
    return made


def _sentencepiece(texts: list[str], _folder: Path) -> Any:
    """Train what a SentencePiece tokenizer is once converted: BPE over letters, and bytes for what it does not know."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE(byte_fallback=True, unk_token=MARKS[0]))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="first")
    made.decoder = tokenizers.decoders.Sequence(
        [
            tokenizers.decoders.Replace("▁", " "),
            tokenizers.decoders.ByteFallback(),
            tokenizers.decoders.Fuse(),
            tokenizers.decoders.Strip(content=" ", left=1, right=0),
        ]
    )
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=2 * VOCABULARY, special_tokens=[*MARKS, *BYTES], show_progress=False, limit_alphabet=100
    )
    made.train_from_iterator(texts, trainer)
    made.post_processor = _behind(MARKS[1], 1)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=_plain_bytes(made),
        **dict(zip(("unk_token", "bos_token", "eos_token"), MARKS, strict=True)),
    )


def _plain_bytes(made: tokenizers.Tokenizer) -> tokenizers.Tokenizer:
    """Let bytes be ordinary tokens, which are decoded as what they stand for."""
    spelt = json.loads(made.to_str())
    spelt["added_tokens"] = [token for token in spelt["added_tokens"] if token["content"] not in BYTES]
    return tokenizers.Tokenizer.from_str(json.dumps(spelt))


def _behind(mark: str, number: int) -> Any:
    return tokenizers.processors.TemplateProcessing(single=f"{mark} $A", special_tokens=[(mark, number)])


TOKENIZERS: dict[str, Callable[[list[str], Path], Any]] = {
    "bytes": _bytes,
    "bytes-bos": _bytes_bos,
    "sentencepiece": _sentencepiece,
}
"""How the tokenizer of each model is trained."""

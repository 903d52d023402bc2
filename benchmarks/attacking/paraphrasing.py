"""How does a model that the user names rewrite published texts?

Any Hugging Face sequence-to-sequence or causal model. Sentences go through it one by one, in batches: a sequence model
reads what its task prefix asks for, a causal one an instruction and the sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenance.language import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

ASKED = {True: "paraphrase: {}", False: "Rewrite this sentence in other words.\nSentence: {}\nRewritten:"}
"""By whether the model is sequence-to-sequence."""
BATCH = 32
LONGEST = 128
"""Tokens of a sentence that are read, and that are written."""


def paraphrase(texts: Sequence[str], *, rng: np.random.Generator, model: str) -> list[str]:
    """Rewrite every sentence by sampling; one that comes back empty stays as it was."""
    import torch

    torch.manual_seed(int(rng.integers(2**31)))
    tokenizer, network, sequential = _load(model)
    found = [[text[start:end] for start, end in sentences.find(text)] for text in texts]
    flat = [sentence for its in found for sentence in its]
    written = list[str]()
    for first in range(0, len(flat), BATCH):
        written += _rewritten(flat[first : first + BATCH], tokenizer, network, sequential=sequential)
    waiting = iter(written)
    return [" ".join(next(waiting) for _ in its) for its in found]


def _load(name: str) -> tuple[Any, Any, bool]:
    import transformers

    config = transformers.AutoConfig.from_pretrained(name)
    sequential = bool(config.is_encoder_decoder)
    kind = transformers.AutoModelForSeq2SeqLM if sequential else transformers.AutoModelForCausalLM
    tokenizer = transformers.AutoTokenizer.from_pretrained(name, padding_side="right" if sequential else "left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, kind.from_pretrained(name).eval(), sequential


def _rewritten(asked: Sequence[str], tokenizer: Any, network: Any, *, sequential: bool) -> list[str]:
    import torch

    prompts = [ASKED[sequential].format(sentence) for sentence in asked]
    read = tokenizer(prompts, return_tensors="pt", padding=True, truncation=True, max_length=LONGEST)
    with torch.inference_mode():
        ids = network.generate(
            input_ids=read["input_ids"],
            attention_mask=read["attention_mask"],
            do_sample=True,
            top_p=0.9,
            max_new_tokens=LONGEST,
            pad_token_id=tokenizer.pad_token_id,
        )
    new = ids if sequential else ids[:, read["input_ids"].shape[1] :]
    lines = [line.strip().partition("\n")[0] for line in tokenizer.batch_decode(new, skip_special_tokens=True)]
    return [line or sentence for line, sentence in zip(lines, asked, strict=True)]

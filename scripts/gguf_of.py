"""How does a small Llama model of ours become a file that llama.cpp reads?

Runs under a Python that has the package gguf, and needs nothing else but NumPy.

    python scripts/gguf_of.py FOLDER OUT.gguf
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""What transformers calls a weight, and llama.cpp."""
ROTATED = ("attn_q.weight", "attn_k.weight")
UNKNOWN = "<unk>"


def tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read a safetensors file of float32: a length, a JSON header, numbers."""
    data = path.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[begin:], dtype="<f4")[
            entry["data_offsets"][0] // 4 : entry["data_offsets"][1] // 4
        ].reshape(entry["shape"])
        for name, entry in header.items()
    }


def renamed(name: str) -> str:
    """Give a weight's name in llama.cpp."""
    stem, _, kind = name.rpartition(".")
    if not stem.startswith("model.layers."):
        return f"{NAMES[stem]}.{kind}"
    number, _, part = stem.removeprefix("model.layers.").partition(".")
    return f"blk.{number}.{NAMES[part]}.{kind}"


def rotated(weight: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Lay the rows of a head side by side that are rotated together: transformers has them half a head apart."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape).copy()


def describe(writer: Any, config: dict[str, Any]) -> None:
    """Write down the model's shape."""
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def tokenize(writer: Any, tokenizer: dict[str, Any], config: dict[str, Any]) -> None:
    """Write down the tokenizer: byte-level BPE, or SentencePiece where it falls back to bytes."""
    model = tokenizer["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    marks = {token["content"] for token in tokenizer["added_tokens"]}
    writer.add_token_list(tokens)
    writer.add_token_types([_type(token, marks, pieces=bool(model["byte_fallback"])) for token in tokens])
    if model["byte_fallback"]:
        writer.add_tokenizer_model("llama")
        writer.add_token_scores([-float(rank) for rank in range(len(tokens))])
        writer.add_unk_token_id(0)
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_merges([" ".join(pair) for pair in model["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token((tokenizer["post_processor"] or {}).get("type") == "TemplateProcessing")


def _type(token: str, marks: set[str], *, pieces: bool) -> gguf.TokenType:
    if token == UNKNOWN:
        return gguf.TokenType.UNKNOWN
    if token in marks:
        return gguf.TokenType.CONTROL
    return gguf.TokenType.BYTE if pieces and token.startswith("<0x") else gguf.TokenType.NORMAL


def main() -> None:
    """Read a folder, write a file."""
    folder, out = map(Path, sys.argv[1:])
    config = json.loads((folder / "config.json").read_text("utf-8"))
    writer = gguf.GGUFWriter(out, "llama")
    describe(writer, config)
    tokenize(writer, json.loads((folder / "tokenizer.json").read_text("utf-8")), config)
    for name, weight in tensors(folder / "model.safetensors").items():
        own = renamed(name)
        writer.add_tensor(own, rotated(weight, config["num_attention_heads"]) if own.endswith(ROTATED) else weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()

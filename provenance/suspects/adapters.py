"""What does a PEFT adapter change, and how is it laid over the model that it was trained on?

PEFT itself does it, in the number format of the base. Adapters that set trained vectors before a text are refused: the
places of all tokens move, and the numbers are no longer those of the text.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import peft
from peft.utils import load_peft_weights
from transformers.utils.peft_utils import find_adapter_config_file

FILE = "adapter_config.json"
"""What makes a model an adapter."""
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
PASSING = {"base_model_name_or_path", "inference_mode", "revision"}
"""What an adapter's configuration says that changes no numbers: the base has a digest of its own."""


def find(path: str, revision: str | None) -> dict[str, Any] | None:
    """Read the configuration of an adapter, in a folder or on a hub; None if a model is none.

    Raises
    ------
    OSError, ValueError
        If it cannot be read.
    """
    file = find_adapter_config_file(path, revision=revision)
    if file is None:
        return None
    told = json.loads(Path(file).read_text(encoding="utf-8"))
    if not (isinstance(told, dict) and told.get("base_model_name_or_path")):
        raise ValueError(f"{FILE} names no model that it is for")
    return told


def lay(model: Any, path: str, revision: str | None) -> None:
    """Change a loaded base as its adapter says.

    Raises
    ------
    ValueError
        If weights are missing, or it changes the text rather than the model.
    """
    if peft.PeftConfig.from_pretrained(path, revision=revision).is_prompt_learning:
        raise ValueError("an adapter that puts trained vectors before a text cannot be asked about texts")
    if Path(path).is_dir() and not any((Path(path) / file).exists() for file in WEIGHTS):
        # PEFT would look for the folder on a hub.
        raise ValueError(f"no {WEIGHTS[0]} in it")
    _widen(model, load_peft_weights(path, device="cpu", revision=revision))
    if len(set(getattr(model, "hf_device_map", {}).values())) == 1:
        # PEFT would take a model on the CPU for one that did not fit elsewhere, and spread it anew.
        del model.hf_device_map
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # PEFT leaves what its files lack at random, and goes on.
        warnings.filterwarnings("error", message="Found missing adapter keys")
        try:
            peft.PeftModel.from_pretrained(model, path, revision=revision, autocast_adapter_dtype=False)
        except UserWarning as warning:
            raise ValueError("weights of the adapter are missing") from warning


def _widen(model: Any, weights: dict[str, Any]) -> None:
    """Make room for tokens that an adapter adds: their rows come with it."""
    inner = model.get_input_embeddings()
    name = next(name for name, module in model.named_modules() if module is inner)
    rows = weights.get(f"base_model.model.{name}.weight")
    if rows is not None and len(rows) != len(inner.weight):
        model.resize_token_embeddings(len(rows), mean_resizing=False)

"""How does a Hugging Face model come off the disk: its weights, number format and device, and what is their digest?"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors
import torch
import transformers

from provenance import storage
from provenance.errors import SuspectError
from provenance.suspects import hub

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(name: str, place: str, *, revision: str | None, dtype: str) -> Any:
    """Load a causal language model.

    Raises
    ------
    SuspectError
        If there is none, it lacks weights, or the number format is unknown.
    """
    number = getattr(torch, dtype, None)
    if not isinstance(number, torch.dtype) or not number.is_floating_point:
        raise SuspectError(f"unknown number format {dtype!r}", expected="float32, bfloat16 or float16")
    try:
        with quiet():
            model, report = transformers.AutoModelForCausalLM.from_pretrained(
                place, revision=revision, dtype=number, output_loading_info=True
            )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, safetensors.SafetensorError) as error:
        raise hub.no_model(name, str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__) from error
    if missing := sorted(report["missing_keys"]):
        # transformers fills these with random numbers and goes on.
        raise hub.no_model(name, f"its files have no {missing[0]}")
    return model


def device(name: str) -> torch.device:
    """Give a device that works.

    Raises
    ------
    SuspectError
        If torch cannot use it.
    """
    try:
        found = torch.device(name)
        torch.empty(1, device=found)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise SuspectError(
            f"device {name!r} cannot be used ({reason})", expected="cpu, or what torch has here"
        ) from error
    return found


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own progress bars and reports off stderr, where ours are."""
    drawn, level = transformers.logging.is_progress_bar_enabled(), transformers.logging.get_verbosity()
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(level)
        if drawn:
            transformers.logging.enable_progress_bar()


def digest(place: str, model: Any) -> str:
    """Digest the weight files of a folder; for a hub model, the parameters as they were loaded."""
    files = sorted(path for path in Path(place).glob("*") if path.suffix in {".safetensors", ".bin"})
    if files:
        return storage.digest_json({path.name: storage.digest(path) for path in files})
    state = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        state.update(key.encode())
        state.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return state.hexdigest()

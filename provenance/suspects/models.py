"""How does a Hugging Face model come off the disk: whole, quantised or as an adapter, and what is its digest?"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
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

ADAPTER = "adapter_config.json"
"""What makes a folder an adapter of PEFT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a model lies: its folder or hub name and, of an adapter, those of the model that it changes."""

    name: str
    """As the user has it."""
    path: str
    revision: str | None
    base: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """Folders or hub names, the last to be laid over the others first."""
        return (self.path, self.base) if self.base else (self.path,)


def locate(name: str) -> Place:
    """Find a model, and of a PEFT adapter its base: where its configuration says, or beside it under the same name.

    Raises
    ------
    SuspectError
        If there is none, or an adapter's base is gone.
    """
    path, revision = hub.locate(name)
    config = Path(path) / ADAPTER
    if not config.is_file():
        return Place(name=name, path=path, revision=revision)
    try:
        named = str(json.loads(config.read_text(encoding="utf-8"))["base_model_name_or_path"] or "")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise hub.no_model(name, f"{ADAPTER} names no model that it is for") from error
    beside = Path(path).parent / Path(named).name
    if not Path(named).exists() and named and beside.is_dir():
        named = str(beside)
    try:
        base, _ = hub.locate(named)
    except SuspectError as error:
        raise SuspectError(
            f"{name!r} is an adapter of {named!r}, which is not on this machine",
            expected="the model that it was trained on",
            hint=f"lay it beside the adapter as {Path(named).name}, or change base_model_name_or_path in {config}",
        ) from error
    return Place(name=name, path=path, revision=revision, base=base)


def read(place: Place, *, dtype: str, device: str, device_map: str | None = None) -> Any:
    """Load a causal language model, quantised or under an adapter as its files say.

    Parameters
    ----------
    device_map
        Let accelerate spread it over devices, such as ``auto``; `device` is then not looked at.

    Raises
    ------
    SuspectError
        If there is none, it lacks weights or a library, or the number format or device is unknown.
    """
    number = getattr(torch, dtype, None)
    if not isinstance(number, torch.dtype) or not number.is_floating_point:
        raise SuspectError(f"unknown number format {dtype!r}", expected="float32, bfloat16 or float16")
    where: Any = device_map or {"": check(device)}
    try:
        with quiet():
            model, report = transformers.AutoModelForCausalLM.from_pretrained(
                place.base or place.path,
                revision=place.revision,
                dtype=number,
                device_map=where,
                output_loading_info=True,
            )
            if place.base:
                model.load_adapter(place.path)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, safetensors.SafetensorError) as error:
        raise hub.no_model(place.name, _reason(error)) from error
    if missing := sorted(report["missing_keys"]):
        # transformers fills these with random numbers and goes on.
        raise hub.no_model(place.name, f"its files have no {missing[0]}")
    return model.eval()


def quantised(model: Any) -> str | None:
    """Name the way in which a model's weights are quantised."""
    config = getattr(model.config, "quantization_config", None)
    if config is None:
        return None
    method = config.get("quant_method") if isinstance(config, dict) else getattr(config, "quant_method", None)
    return str(getattr(method, "value", method))


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def check(device: str) -> str:
    """Give a device back if it works.

    Raises
    ------
    SuspectError
        If torch cannot use it.
    """
    try:
        torch.empty(1, device=torch.device(device))
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise SuspectError(
            f"device {device!r} cannot be used ({reason})", expected="cpu, or what torch has here"
        ) from error
    return device


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


def digest(place: Place, model: Any) -> str:
    """Digest the weight files of a folder, an adapter's and its base's; for a hub model, the parameters as loaded."""
    files = {
        f"{number}/{path.name}" if place.base else path.name: storage.digest(path)
        for number, part in enumerate(place.parts)
        for path in sorted(Path(part).glob("*"))
        if path.suffix in {".safetensors", ".bin"}
    }
    if files and all(Path(part).is_dir() for part in place.parts):
        return storage.digest_json(files)
    state = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        state.update(key.encode())
        state.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return state.hexdigest()

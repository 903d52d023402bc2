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
from provenance.suspects import adapters, hub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PASSING = {"_name_or_path", "transformers_version", "dtype"}
"""What a configuration says that changes no numbers, or is told beside it."""
LENGTHS = ("max_position_embeddings", "max_target_positions", "max_seq_len")
ENDLESS = 1 << 20
"""Tokens read at once by a model that knows no longest text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a model lies: its folder or hub name and, of an adapter, those of the model that it changes."""

    name: str
    """As the user has it."""
    path: str
    revision: str | None
    adapter: Mapping[str, Any] | None = None
    """Configuration of an adapter."""
    base: tuple[str, str | None] | None = None
    """Where the model lies that an adapter changes, and which revision of it."""

    @property
    def parts(self) -> tuple[tuple[str, str | None], ...]:
        """Folders or hub names with their revisions, the first to be laid over the others."""
        own = (self.path, self.revision)
        return (own, self.base) if self.base else (own,)


def locate(name: str) -> Place:
    """Find a model, and of a PEFT adapter its base: where its configuration says, or beside it under the same name.

    Raises
    ------
    SuspectError
        If there is none, or an adapter's base is gone.
    """
    path, revision = hub.locate(name)
    try:
        adapter = adapters.find(path, revision)
    except (OSError, ValueError) as error:
        raise hub.no_model(name, _reason(error)) from error
    if adapter is None:
        return Place(name=name, path=path, revision=revision)
    named = str(adapter["base_model_name_or_path"])
    beside = Path(path).parent / Path(named).name
    if not Path(named).exists() and named and beside.is_dir():
        named = str(beside)
    asked = adapter.get("revision")
    try:
        base = hub.locate(f"{named}@{asked}" if asked and not Path(named).exists() else named)
    except SuspectError as error:
        raise SuspectError(
            f"{name!r} is an adapter of {named!r}, which is not on this machine",
            expected="the model that it was trained on",
            hint=f"lay it beside the adapter as {Path(named).name}, or change base_model_name_or_path in its file",
        ) from error
    return Place(name=name, path=path, revision=revision, adapter=adapter, base=base)


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
            whole, revision = place.parts[-1]
            model, report = transformers.AutoModelForCausalLM.from_pretrained(
                whole,
                revision=revision,
                dtype=number,
                device_map=where,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                trust_remote_code=False,
            )
            if place.base:
                adapters.lay(model, place.path, place.revision)
    except (OSError, ValueError, LookupError, RuntimeError, ImportError, safetensors.SafetensorError) as error:
        raise hub.no_model(place.name, _reason(error)) from error
    # transformers fills these with random numbers and goes on.
    if missing := sorted(report["missing_keys"]):
        raise hub.no_model(place.name, f"its files have no {missing[0]}")
    if other := sorted(str(key[0]) for key in report["mismatched_keys"]):
        raise hub.no_model(place.name, f"{other[0]} has another shape than config.json says")
    return model.eval()


def context(model: Any) -> int:
    """Count the tokens that a model reads at once: as its configuration says, and as its table of places has room."""
    config = model.config.get_text_config()
    told = [length for name in LENGTHS if (length := getattr(config, name, None) or 0) > 0]
    # RoBERTa's first place is the one behind that of its padding.
    tables = [
        module.num_embeddings - 1 - module.padding_idx
        for name, module in model.named_modules()
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None
    ]
    return int(min([*told[:1], *tables], default=ENDLESS))


def quantised(model: Any) -> str | None:
    """Name the way in which a model's weights are quantised."""
    config = getattr(model.config, "quantization_config", None)
    if config is None:
        return None
    method = config.get("quant_method") if isinstance(config, dict) else getattr(config, "quant_method", None)
    return str(getattr(method, "value", method))


def _reason(error: Exception) -> str:
    first, *more = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join([first, *more[: first.endswith(":")]]).replace("\t", "").rstrip(".")


def check(device: str) -> str:
    """Give a device back if it works.

    Raises
    ------
    SuspectError
        If torch cannot use it.
    """
    try:
        torch.empty(1, device=torch.device(device)).item()
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
        for number, (part, _) in enumerate(place.parts)
        for path in sorted(Path(part).glob("*"))
        if path.suffix in {".safetensors", ".bin"}
    }
    if files and all(Path(part).is_dir() for part, _ in place.parts):
        return storage.digest_json(files)
    state = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        state.update(key.encode())
        state.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return state.hexdigest()


def settings(place: Place, model: Any) -> str:
    """Digest what configurations say: a scale or a base of rotary positions changes numbers, and no weight."""
    told = {key: value for key, value in json.loads(model.config.to_json_string()).items() if key not in PASSING}
    adapter = {key: value for key, value in (place.adapter or {}).items() if key not in adapters.PASSING}
    return storage.digest_json([told, adapter])

"""What is installed on this machine, on which devices could a model be asked, and what could a suspect be asked?

Libraries are imported where they are looked at, so that a broken one is told of like a missing one.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from provenance import suspects
from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.suspects.terms import Terms

EXTRAS = {
    "embedded": "a sentence encoder: better wordings, more slowly",
    "ray": "--engine ray",
    "quantised": "weights quantised by torchao",
}
"""Extras of the package, and what each is for."""
BY_HAND = {"bitsandbytes": "quantised weights", "optimum-quanto": "quantised weights"}
"""What a suspect's own files may ask for."""
INSTALL = "pip install -c constraints.txt"
LITTLE = 5e9
"""Bytes on a disk that one model may fill."""
AUDITS = "audit order, watermark, membership"
SERVES = {
    "hf": f"{AUDITS}, with every signal; sample, for audit overlap, trace, reshuffle",
    "openai": f"{AUDITS}, but for signals that need mean and sd; sample, for audit overlap, trace, reshuffle",
    "text-only": f"{AUDITS}, with little power; sample, for audit overlap, trace, reshuffle",
    "ngram": f"{AUDITS}, as a reference",
    "column": f"{AUDITS}, of the texts that the file has",
}
"""What each kind of suspect can be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    group: str
    name: str
    found: str
    passed: bool = True
    """False only where something is missing that provtool cannot do without."""
    hint: str | None = None
    exit_code: int = 1
    """With what a command ends for which this failed."""


def software() -> Iterator[Check]:
    """Compare every package that provtool needs with the one that is here, and name those that it can use."""
    yield Check(group="software", name="Python", found=f"{platform.python_version()} on {platform.platform()}")
    yield Check(group="software", name="provtool", found=importlib.metadata.version("provtool"))
    for needed in map(Requirement, importlib.metadata.requires("provtool") or []):
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield _required(needed)
    extras = {extra: needed for extra in EXTRAS for needed in _of_extra(extra)}
    for extra, needed in extras.items():
        yield _optional(needed.name, EXTRAS[extra], f"{INSTALL} 'provtool[{extra}]'")
    for name, use in BY_HAND.items():
        yield _optional(name, use, f"pip install {name}")


def devices() -> Iterator[Check]:
    """Say where a model could be asked, in how much memory and in which number formats."""
    try:
        import torch
    except (ImportError, OSError) as error:
        yield _broken("devices", "torch", error)
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    half = _half(fast=any(known.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16")))
    found = f"{cores} cores, {torch.get_num_threads()} threads, {_memory()}, {half}"
    yield Check(group="devices", name="cpu", found=found)
    for index in range(torch.cuda.device_count()):
        yield _gpu(torch, index)
    if torch.backends.mps.is_available():
        yield Check(group="devices", name="mps", found="Metal")
    if not torch.cuda.is_available():
        yield Check(group="devices", name="cuda", found="none: models are asked on the CPU unless --device says more")


def surroundings() -> Iterator[Check]:
    """Say what else a long run depends on: room for models and results, and a hub for models that are not here."""
    try:
        import huggingface_hub

        from provenance import hubs
    except (ImportError, OSError) as error:
        yield _broken("surroundings", "huggingface_hub", error)
        return
    yield _disk("working folder", Path.cwd())
    yield _disk("model cache", Path(huggingface_hub.constants.HF_HUB_CACHE))
    if huggingface_hub.is_offline_mode():
        found = "not asked, since HF_HUB_OFFLINE is set: name models by folder, or use those that are here already"
    elif hubs.is_reached():
        found = "answers"
    else:
        found = "out of reach: name models by folder, or use those that are here already"
    yield Check(group="surroundings", name="model hub", found=found)


def suspect(name: str, *, terms: Terms) -> Iterator[Check]:
    """Open a suspect, and say what it can be asked for; of a served one that takes a few short requests."""
    kind, _, rest = name.partition(":")
    try:
        opened = suspects.load(name, terms=terms)
    except ProvenanceError as error:
        # Whoever gives no log-probabilities may give texts.
        hint = f"text-only:{rest}" if kind == "openai" else None
        yield Check(group="suspect", name=name, found=str(error), passed=False, hint=hint, exit_code=error.exit_code)
        return
    for key, value in opened.identity.items():
        yield Check(group="suspect", name=key, found="unknown" if value is None else str(value))
    rendering = "token ids, or text" if opened.tokenizer else "text"
    yield Check(group="suspect", name="is asked by", found=rendering)
    yield Check(group="suspect", name="can serve", found=SERVES[str(opened.identity["kind"])])


def _of_extra(extra: str) -> list[Requirement]:
    listed = map(Requirement, importlib.metadata.requires("provtool") or [])
    return [one for one in listed if one.marker and one.marker.evaluate({"extra": extra}) and not one.extras]


def _required(needed: Requirement) -> Check:
    version = _version(needed.name)
    hint = f"{INSTALL} 'provtool'"
    if version is None:
        return Check(group="software", name=needed.name, found="missing", passed=False, hint=hint)
    passed = needed.specifier.contains(version, prereleases=True)
    found = version if passed else f"{version}, {needed.specifier} needed"
    return Check(group="software", name=needed.name, found=found, passed=passed, hint=None if passed else hint)


def _optional(name: str, use: str, hint: str) -> Check:
    version = _version(name)
    found = f"{version} ({use})" if version else f"not installed ({use})"
    return Check(group="optional", name=name, found=found, hint=None if version else hint)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _broken(group: str, name: str, error: Exception) -> Check:
    found = f"cannot be imported ({str(error).partition(chr(10))[0]})"
    return Check(group=group, name=name, found=found, passed=False, hint=f"{INSTALL} --force-reinstall {name}")


def _gpu(torch: Any, index: int) -> Check:
    about = torch.cuda.get_device_properties(index)
    free, total = torch.cuda.mem_get_info(index)
    half = _half(fast=torch.cuda.is_bf16_supported(including_emulation=False))
    found = f"{about.name}, {free / 1e9:,.0f} of {total / 1e9:,.0f} GB free, {half}"
    return Check(group="devices", name=f"cuda:{index}", found=found)


def _half(*, fast: bool) -> str:
    return "bfloat16 at full speed" if fast else "no bfloat16 but emulated: --dtype float32"


def _disk(name: str, place: Path) -> Check:
    """Look at the disk on which a folder lies, or would lie."""
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    hint = "another disk: a model or a long scoring may not fit" if free < LITTLE else None
    return Check(group="surroundings", name=name, found=f"{free / 1e9:,.0f} GB free in {place}", hint=hint)


def _memory() -> str:
    if sys.platform == "win32":
        return "memory unknown"
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:,.0f} GB"

"""Which re-runs of a phase lie in a folder, and were they all made alike?

::

    DIR/reruns.json          what every re-run shares: checkpoint, data, order, recipe, seed, machine
    DIR/original/            a model, with rerun.json beside its weights
    DIR/reshuffled-0001/     likewise, and so on without a gap

A re-run whose folder stands under its name is finished; there are no locks. Nothing here needs torch.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import storage
from provenance.errors import ArtifactError, InputError, MismatchError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

SCHEMA = "provtool/reruns/1"
ONE = "provtool/rerun/1"
SETTINGS, MANIFEST = "reruns.json", "rerun.json"
NAME = re.compile(r"reshuffled-(\d{4,})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reruns:
    """Finished re-runs of one phase."""

    folder: Path
    settings: Mapping[str, Any]
    sha256: str
    """Digest of the settings: what every re-run's own manifest names."""
    original: Path
    reshuffled: tuple[Path, ...]
    weights: Mapping[Path, str]
    """Digest of each re-run's weights, as a suspect's identity gives it."""


def place(folder: Path, number: int) -> Path:
    """Name a re-run's folder: 0 is the original order."""
    return folder / (f"reshuffled-{number:04d}" if number else "original")


def begin(folder: Path, settings: Mapping[str, Any]) -> str:
    """Write down what all re-runs share, or check that it is what stands there; give its digest.

    Raises
    ------
    InputError
        If re-runs with other settings lie there.
    """
    path = folder / SETTINGS
    if not path.exists():
        storage.write_json(path, {"schema": SCHEMA, "settings": dict(settings)})
    before = storage.read_json(path, schema=SCHEMA)["settings"]
    differing = [name for name in {**before, **settings} if before.get(name) != settings.get(name)]
    if differing:
        raise InputError(
            f"re-runs with another {differing[0]} lie here ({_short(before.get(differing[0]))}, "
            f"now {_short(settings.get(differing[0]))})",
            path=folder,
            expected="the same checkpoint, data, recipe, seed and machine for all re-runs",
            hint="another folder",
        )
    return storage.digest_json(before)


def finished(folder: Path, number: int, sha256: str) -> bool:
    """Tell whether a re-run stands whole in its folder.

    Raises
    ------
    ArtifactError
        If its folder holds something else, or its weights are not those it was made with.
    """
    one = place(folder, number)
    if not one.exists():
        return False
    _check(one, number, sha256)
    return True


def write(folder: Path, about: Mapping[str, Any]) -> None:
    """Write a re-run's own manifest beside its weights."""
    storage.write_json(folder / MANIFEST, {"schema": ONE, **about, "weights": weights(folder)})


def read(folder: str | os.PathLike[str]) -> Reruns:
    """Read which re-runs are finished.

    Raises
    ------
    InputError
        If there are none, or the one in the original order is missing.
    ArtifactError
        If one is damaged, or one in the middle is missing: whoever chooses among re-runs chooses the finding.
    MismatchError
        If one was made with other settings.
    """
    return _read(Path(folder), _check)


def outline(folder: str | os.PathLike[str]) -> Reruns:
    """Read what the manifests of re-runs say where the models themselves are elsewhere; weights are as named there."""
    return _read(Path(folder), _named)


def copy(made: Reruns, folder: Path) -> None:
    """Copy what `outline` reads, and no model."""
    for name in (SETTINGS, *(f"{place.name}/{MANIFEST}" for place in (made.original, *made.reshuffled))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made.folder / name, folder / name)


def _read(root: Path, check: Callable[[Path, int, str], str]) -> Reruns:
    if not (root / SETTINGS).is_file():
        raise InputError(f"no {SETTINGS} in it", path=root, expected="a folder of re-runs, made by provenance.reruns")
    folder, settings = root, storage.read_json(root / SETTINGS, schema=SCHEMA)["settings"]
    sha256 = storage.digest_json(settings)
    numbers = sorted(int(found[1]) for path in root.iterdir() if (found := NAME.fullmatch(path.name)))
    if not numbers or not place(root, 0).exists():
        raise InputError(
            "no re-run in the original order" if numbers else "no reshuffled re-run",
            path=folder,
            expected="what provenance.reruns.rerun_phase made",
        )
    if numbers != list(range(1, len(numbers) + 1)):
        gap = next(number for number in range(1, numbers[-1] + 1) if number not in set(numbers))
        raise ArtifactError(f"re-run {gap} of {numbers[-1]} is missing", path=folder, expected="all that were made")
    made = {place(root, number): check(place(root, number), number, sha256) for number in (0, *numbers)}
    original, *others = made
    return Reruns(
        folder=root, settings=settings, sha256=sha256, original=original, reshuffled=tuple(others), weights=made
    )


def weights(folder: Path) -> str:
    """Digest the weight files of a model's folder."""
    files = sorted(path for path in folder.glob("*") if path.suffix in {".safetensors", ".bin"})
    return storage.digest_json({path.name: storage.digest(path) for path in files})


def _check(one: Path, number: int, sha256: str) -> str:
    named = _named(one, number, sha256)
    if named != weights(one):
        raise ArtifactError("its weights are not those that it was made with", path=one, hint="removing this folder")
    return named


def _named(one: Path, number: int, sha256: str) -> str:
    about = storage.read_json(one / MANIFEST, schema=ONE)
    if about.get("settings") != sha256 or about.get("number") != number:
        raise MismatchError(f"{one} was not made with the settings of {one.parent / SETTINGS}")
    return str(about.get("weights"))


def _short(value: object) -> str:
    return str(value)[:40]

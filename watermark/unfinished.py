"""What is left of a run that was interrupted, and may this one go on from it?

Beside an output ``NAME`` stands the hidden folder ``.NAME.unfinished`` for as long as the run lasts. It holds secrets,
so only its owner can read it, and it is removed when the output is whole.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

from provenance import folders, storage
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA = "provtool/unfinished/1"
MANIFEST = "manifest.json"


@contextlib.contextmanager
def folder(target: Path, *, told: Mapping[str, Any], resume: bool, force: bool) -> Iterator[Path]:
    """Give a folder for what is done so far; it goes when the block ends well, or when no part was done.

    Parameters
    ----------
    target
        The output that the run works towards.
    told
        Everything that decides what the run makes, as JSON.
    resume
        Go on in the folder of an interrupted run, if there is one.
    force
        Remove what an interrupted run left.

    Raises
    ------
    InputError
        If an interrupted run left a folder and neither was asked for, or it had other settings.
    """
    begun = place(target)
    if begun.exists() and force and not resume:
        shutil.rmtree(begun)
    if begun.exists() and not resume:
        raise InputError(
            "an interrupted run left its work", path=begun, hint="--resume to go on, --force to start again"
        )
    made: list[Path] = []
    if (begun / MANIFEST).exists():
        _check(begun / MANIFEST, told)
    else:
        made = _begin(begun, told)
    try:
        yield begun
    except BaseException:
        if not any(begun.glob("part-*")):  # nothing is done yet, so nothing is lost
            shutil.rmtree(begun)
            folders.remove_empty(made)
        raise
    shutil.rmtree(begun)


def place(target: Path) -> Path:
    """Name the folder where an interrupted run towards `target` left its work, if it did."""
    return target.with_name(f".{target.name}.unfinished")


def _begin(place: Path, told: Mapping[str, Any]) -> list[Path]:
    """Make the folder; give the parents that had to be made for it."""
    try:
        made = folders.make_parents(place.parent)
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", path=place) from error
    storage.write_json(place / MANIFEST, {"schema": SCHEMA, **told}, secret=True)
    return made


def _check(manifest: Path, told: Mapping[str, Any]) -> None:
    before = storage.read_json(manifest, schema=SCHEMA)
    differing = sorted(name for name in told if before.get(name) != told[name])
    if differing:
        name = differing[0]
        raise InputError(
            f"the interrupted run had another {name} ({before.get(name)!r}, now {told[name]!r})",
            path=manifest.parent,
            expected="the same settings, key and corpus",
            hint="--force to start again",
        )

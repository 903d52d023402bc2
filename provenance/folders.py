"""How does a folder appear whole or not at all, so that a killed run leaves nothing that looks finished?

Hidden name, fsync of everything in it, rename. There is no lock: a folder that stands under its name is finished, and
what stands under a hidden name was interrupted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def whole(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a hidden folder that becomes `target` when the block ends well, and vanishes when it does not.

    What a killed process left of this folder is removed first, so one process makes one folder.

    Raises
    ------
    InputError
        If `target` exists, or nothing can be written there.
    """
    place = Path(target)
    if os.path.lexists(place):
        raise InputError("exists", path=target, expected="a new folder", hint="another name")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        for left in place.parent.glob(f".{place.name}.*.part"):
            shutil.rmtree(left)
        work = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".part", dir=place.parent))
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", path=target) from error
    try:
        yield work
        _settle(work, place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _settle(work: Path, place: Path) -> None:
    """Bring every file to the disk before the name."""
    umask = os.umask(0o077)
    os.umask(umask)
    work.chmod(0o777 & ~umask)
    for path in (*work.rglob("*"), work):
        _sync(path)
    work.rename(place)
    _sync(place.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

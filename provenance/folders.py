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
    from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def whole(target: str | os.PathLike[str], *, replaces: Sequence[str] | None = None) -> Iterator[Path]:
    """Give a hidden folder that becomes `target` when the block ends well, and vanishes when it does not.

    What a killed process left of this folder is removed first, so one process makes one folder.

    Parameters
    ----------
    target
        A new folder.
    replaces
        Files that an existing folder must hold to be replaced, so that no other folder is ever removed; it goes only
        when the new one is whole. None: nothing is replaced.

    Raises
    ------
    InputError
        If `target` exists and may not be replaced, or cannot be written.
    """
    place = Path(target)
    check(place, replaces=replaces)
    with contextlib.ExitStack() as stack:
        try:
            made = make_parents(place.parent)
            stack.callback(remove_empty, made)
            for left in place.parent.glob(f".{place.name}.*.part"):
                shutil.rmtree(left)
            work = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".part", dir=place.parent))
        except OSError as error:
            raise InputError(f"cannot be written ({error.strerror})", path=target) from error
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        yield work
        work.chmod(0o777 & ~_umask())
        for path in (*work.rglob("*"), work):
            _sync(path)
        _exchange(work, place)
        _sync(place.parent)


def check(target: Path, *, replaces: Sequence[str] | None) -> None:
    """Refuse a folder that exists and may not be replaced, before any work is done for it.

    Raises
    ------
    InputError
        As `whole` would.
    """
    if not os.path.lexists(target):
        return
    if replaces is None:
        raise InputError("exists", path=target, expected="a new folder", hint="another name, or --force for a release")
    if not target.is_dir() or target.is_symlink() or not all((target / name).is_file() for name in replaces):
        what = f"not replaced: it holds no {' and '.join(replaces)}"
        raise InputError(what, path=target, expected="a new folder or an earlier release", hint="another name")


def _exchange(work: Path, target: Path) -> None:
    if not target.exists():
        work.rename(target)
        return
    aside = work.with_suffix(".old")
    target.rename(aside)
    work.rename(target)
    shutil.rmtree(aside)


def make_parents(folder: Path) -> list[Path]:
    """Make the folders that are missing, and name them, innermost first."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove those folders, innermost first, that have nothing in them."""
    for folder in folders:
        with contextlib.suppress(OSError):  # what has something in it stays
            folder.rmdir()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

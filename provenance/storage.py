"""How is a file written whole or not at all, and what is its digest?

A file appears under its name when all of it is on the disk: temporary name, fsync, rename. JSON is spelt one way.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.errors import ArtifactError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""What a disk says when it takes no more: the user's to mend, whoever was writing."""


def digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, in hex, read in pieces."""
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from error


def digest_json(value: object) -> str:
    """SHA-256 of a JSON value in one canonical spelling."""
    return hashlib.sha256(dump_json(value, indent=None).encode()).hexdigest()


@contextlib.contextmanager
def atomic(path: str | os.PathLike[str], *, secret: bool = False) -> Iterator[Path]:
    """Give a temporary path that becomes `path` when the block ends well, and vanishes when it does not.

    `path` may be read by whom the umask allows, or by its owner alone where it is `secret`.

    Raises
    ------
    InputError
        If nothing can be written there, or the disk is full.
    """
    target = Path(os.path.realpath(path))
    try:
        check_replaceable(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:64]}.", suffix=".part", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        _settle(temporary, target, secret=secret)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_replaceable(path: str | os.PathLike[str]) -> None:
    """Refuse a place where no file can be put, before work is done for it.

    Raises
    ------
    InputError
        If a folder, or whatever is no file, has this name.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise InputError("not a file that can be replaced", path=path, expected="a file name", hint="- for a stream")


def dump_json(value: object, *, indent: int | None = 2) -> str:
    """Spell a JSON value the one way we do: keys in the given order, no NaN, readable letters."""
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)


def write_json(path: str | os.PathLike[str], value: object, *, secret: bool = False) -> None:
    """Write a JSON file whole or not at all."""
    with atomic(path, secret=secret) as temporary:
        temporary.write_text(dump_json(value) + "\n", encoding="utf-8")


def read_json(path: str | os.PathLike[str], *, schema: str) -> dict[str, Any]:
    """Read a JSON object of ours whose ``schema`` field says what it is.

    Raises
    ------
    ArtifactError
        If it is no JSON, no object, or of another schema.
    """
    return parse_json(_read_text(path), schema=schema, path=path)


def parse_json(text: str, *, schema: str, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a JSON object of ours from text; `path` is what messages call it."""
    try:
        value = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ArtifactError(f"not JSON ({error.msg})", path=path, line=error.lineno, expected=schema) from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"not sound JSON ({error})", path=path, expected=schema) from error
    found = value.get("schema") if isinstance(value, dict) else None
    if found != schema:
        raise ArtifactError(f"schema is {found!r}", path=path, expected=repr(schema))
    return dict(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: of two readers each could go by another."""
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} twice")
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _read_text(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from error
    except UnicodeDecodeError as error:
        raise ArtifactError("not UTF-8 text", path=path) from error


def _unwritable(path: str | os.PathLike[str], error: OSError) -> InputError:
    return InputError(f"cannot be written ({os.strerror(error.errno or 0)})", path=path)


def _settle(temporary: Path, target: Path, *, secret: bool) -> None:
    """Bring bytes and name to the disk; only then is a file there."""
    umask = os.umask(0o077)
    os.umask(umask)
    temporary.chmod(0o600 if secret else 0o666 & ~umask)
    for path, ending in ((temporary, temporary.replace), (target.parent, None)):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if ending:
            ending(target)

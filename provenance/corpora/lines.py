"""Which lines has a text file, and is each of them UTF-8?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.corpora import compression
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from provenance.corpora.files import File

BOM = "\ufeff"


def lines(file: File) -> Iterator[tuple[int, str]]:
    r"""Give number and characters of each line, ``\n`` included; joined they are the file.

    A byte order mark comes as an item of its own, so that nobody takes it for a part of a record.
    """
    for number, raw in enumerate(_split(compression.chunks(file)), 1):
        line = _decoded(raw, file.path, number)
        if number == 1 and line.startswith(BOM):
            yield 1, BOM
            line = line.removeprefix(BOM)
        yield number, line


def whole(file: File) -> str:
    """Give all characters of a file."""
    return _decoded(b"".join(compression.chunks(file)), file.path, 1)


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    for block in blocks:
        *ended, rest = block.split(b"\n")
        for part in ended:
            yield b"".join([*pending, part, b"\n"])
            pending.clear()
        pending.append(rest)
    if last := b"".join(pending):
        yield last


def _decoded(raw: bytes, path: Path, first: int) -> str:
    hint = "saving it as UTF-8 text"
    if (zero := raw.find(b"\0")) >= 0:
        line = first + raw.count(b"\n", 0, zero)
        raise InputError("a NUL byte, so this is no text", path=path, line=line, expected="UTF-8", hint=hint)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first + raw.count(b"\n", 0, error.start)
        what = f"byte 0x{raw[error.start]:02x} is not UTF-8 ({error.reason})"
        raise InputError(what, path=path, line=line, expected="UTF-8", hint=hint) from error

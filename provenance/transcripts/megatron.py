"""Which tokens stand in which row of a Megatron data set?

``NAME.idx`` says of every row how long it is and where it begins (magic, version 1, a code for the number format, the
numbers of rows and of document marks; then lengths as int32, first bytes as int64, and document marks, which nobody
needs here). ``NAME.bin`` holds the tokens one after another; where it is published in parts
(``NAME-00000-of-00020.bin``) the parts are read as the one file that they make together. Nothing is read but what is
asked for.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from provenance.errors import InputError

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

MAGIC = b"MMIDIDX\x00\x00"
HEADER = struct.Struct("<9sQBQQ")
FORMATS = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 8: "<u2"}
"""Number formats by their codes, without 6 and 7, which are no whole numbers."""

PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.bin")
PARTS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A Megatron data set, its index mapped into memory and its tokens left on the disk."""

    index: Path
    sizes: NDArray[np.int32]
    """Tokens of each row, shape ``(rows,)``."""
    starts: NDArray[np.int64]
    """First byte of each row, shape ``(rows,)``."""
    format: np.dtype[np.integer]
    parts: tuple[Path, ...]
    ends: NDArray[np.int64]
    """Where each part ends, in bytes of all together."""

    def row(self, number: int) -> NDArray[np.int64]:
        """Read the tokens of one row; a row may begin in one part and end in the next."""
        start = int(self.starts[number])
        end = start + int(self.sizes[number]) * self.format.itemsize
        if not 0 <= start <= end <= self.ends[-1]:
            raise InputError(f"row {number} is said to lie at bytes {start} to {end}", path=self.index)
        return np.frombuffer(self._bytes(start, end), dtype=self.format).astype(np.int64)

    def _bytes(self, start: int, end: int) -> bytes:
        pieces = list[bytes]()
        while start < end:
            part = int(np.searchsorted(self.ends, start, side="right"))
            before = int(self.ends[part - 1]) if part else 0
            until = min(end, int(self.ends[part]))
            with self.parts[part].open("rb") as stream:
                stream.seek(start - before)
                pieces.append(stream.read(until - start))
            start = until
        return b"".join(pieces)


def open(path: str | os.PathLike[str]) -> Data:  # noqa: A001 (called as megatron.open)
    """Open a data set by its index, its tokens, a part of them, the name without either ending, or its folder.

    Raises
    ------
    InputError
        If index or tokens are not there, parts are missing, or a file is cut short.
    """
    stem = _stem(Path(path))
    index = stem.with_name(f"{stem.name}.idx")
    if not index.is_file():
        raise InputError("no such file", path=index, expected="the index that belongs to the .bin")
    format_, sizes, starts = _read_index(index)
    parts = _parts(stem)
    ends = np.cumsum([part.stat().st_size for part in parts])
    needed = int(starts[-1]) + int(sizes[-1]) * format_.itemsize
    if ends[-1] < needed:
        raise InputError(
            f"{ends[-1]} bytes of tokens in {len(parts)} file{'s' if len(parts) > 1 else ''}",
            path=parts[-1],
            expected=f"{needed}, as {index.name} says",
            hint="fetching again what is cut short or missing",
        )
    return Data(index=index, sizes=sizes, starts=starts, format=format_, parts=parts, ends=ends)


def _stem(path: Path) -> Path:
    if path.is_dir():
        found = sorted(path.glob("*.idx"))
        if len(found) != 1:
            names = ", ".join(each.name for each in found) or "none"
            raise InputError(
                f"index files: {names}", path=path, expected="one .idx", hint="naming the one that is meant"
            )
        return found[0].with_suffix("")
    if match := PART.fullmatch(path.name):
        return path.with_name(match[1])
    return path.with_suffix("") if path.suffix in {".idx", ".bin"} else path


def _read_index(path: Path) -> tuple[np.dtype[np.integer], NDArray[np.int32], NDArray[np.int64]]:
    with path.open("rb") as stream:
        head = stream.read(HEADER.size)
    if not head.startswith(MAGIC) or len(head) < HEADER.size:
        raise InputError("no Megatron index", path=path, expected="one that begins with MMIDIDX")
    _, version, code, rows, marks = HEADER.unpack(head)
    if version != 1 or code not in FORMATS:
        raise InputError(
            f"a Megatron index of version {version} with tokens of format {code}",
            path=path,
            expected=f"version 1 and a format of {', '.join(map(str, FORMATS))} (whole numbers)",
        )
    size, needed = path.stat().st_size, HEADER.size + 12 * rows + 8 * marks
    if size != needed:
        raise InputError(f"{size} bytes", path=path, expected=f"{needed} for {rows} rows and {marks} marks")
    if not rows:
        raise InputError("an index without rows", path=path)
    sizes = np.memmap(path, dtype="<i4", mode="r", offset=HEADER.size, shape=(rows,))
    starts = np.memmap(path, dtype="<i8", mode="r", offset=HEADER.size + 4 * rows, shape=(rows,))
    return np.dtype(FORMATS[code]), sizes, starts


def _parts(stem: Path) -> tuple[Path, ...]:
    whole = stem.with_name(f"{stem.name}.bin")
    if whole.is_file():
        return (whole,)
    found = {int(match[2]): (path, int(match[3])) for path, match in _numbered(stem)}
    if not found:
        raise InputError("no such file", path=whole, expected=f"it, or its parts {stem.name}-00000-of-….bin")
    # Pythia's 21 parts end in 00020-of-00020, those of the Hub's own tools in 00019-of-00020.
    last = max(found)
    expected = range(max(last + 1, found[last][1]))
    if missing := [number for number in expected if number not in found]:
        shown = ", ".join(f"{number:05d}" for number in missing[:PARTS_SHOWN])
        more = ", …" if len(missing) > PARTS_SHOWN else ""
        raise InputError(
            f"parts {shown}{more} are missing", path=found[last][0].parent, expected=f"{len(expected)} parts"
        )
    return tuple(found[number][0] for number in expected)


def _numbered(stem: Path) -> list[tuple[Path, re.Match[str]]]:
    paths = stem.parent.glob(f"{stem.name}-*.bin") if stem.parent.is_dir() else ()
    matches = [(path, PART.fullmatch(path.name)) for path in paths]
    return [(path, match) for path, match in matches if match and match[1] == stem.name]

"""In which order did an OLMo model see its data?

``global_indices.npy`` names the rows in the order in which they were consumed, as bare unsigned 32-bit numbers (a real
``.npy`` header is understood too). A row is so many tokens of one of the token files, which are bare arrays as well:
rows are counted through the files in the order of the run's configuration, and what is left at the end of a file and
fills no row belongs to none. The order is read twice from end to end, in pieces: for the rows at the places taken, and
for every other place of these. Of the tokens only the rows taken are read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from provenance.errors import InputError
from provenance.transcripts import importing, numbered

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

SHAPE = numbered.Shape(rows_per_step=2048, sequence_length=2048)
ORDER = "global_indices.npy"
NPY = b"\x93NUMPY"
BLOCK = 1 << 20
"""Entries of the order looked at at once."""
SIEVE = 1 << 24
Mapped: TypeAlias = "np.memmap[Any, np.dtype[np.integer]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFiles:
    """Rows of tokens in files, one after another."""

    paths: tuple[Path, ...]
    arrays: tuple[Mapped, ...]
    length: int
    """Tokens of a row."""
    ends: NDArray[np.int64]
    """How many rows there are up to the end of each file."""

    def row(self, number: int) -> NDArray[np.int64]:
        """Read the tokens of one row."""
        file = int(np.searchsorted(self.ends, number, side="right"))
        local = number - (int(self.ends[file - 1]) if file else 0)
        return _piece(self.arrays[file], self.paths[file], local * self.length, self.length).astype(np.int64)


def open_tokens(paths: Sequence[str | os.PathLike[str]], *, length: int, dtype: str = "uint16") -> TokenFiles:
    """Open token files, in the order of the run's configuration.

    Raises
    ------
    InputError
        If there are none, one is missing or cut short, or none is long enough for a row.
    """
    if not paths:
        raise InputError(
            "no token files", expected="all of the run's, in the order of its configuration", hint="--tokens"
        )
    arrays = tuple(_array(Path(path), dtype) for path in paths)
    ends = np.cumsum([len(array) // length for array in arrays])
    if not ends[-1]:
        raise InputError(f"no file holds a row of {length} tokens", path=paths[0], hint="a smaller --sequence-length")
    return TokenFiles(paths=tuple(map(Path, paths)), arrays=arrays, length=length, ends=ends)


def import_run(
    path: str | os.PathLike[str],
    *,
    tokens: TokenFiles,
    out: Path,
    declared: importing.Declared,
    rows_per_step: int = SHAPE.rows_per_step,
    sample: importing.Sample | None = None,
    report: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> importing.Summary:
    """Write a transcript of the rows that a sample takes, with every position at which the run consumed them.

    Parameters
    ----------
    path
        ``global_indices.npy`` or the folder that holds it.
    declared
        With ``position_unit="step"`` rows of one step tie; a ``run_length`` leaves out what the order has beyond it.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the order names a row that the token files do not have.
    """
    file = Path(path) / ORDER if Path(path).is_dir() else Path(path)
    order = _array(file, "uint32")
    shape = numbered.Shape(rows_per_step=rows_per_step, sequence_length=tokens.length)
    of = numbered.consumed(len(order), shape, declared)
    wanted = np.unique(_entries(order, importing.taken(of, sample), str(file)))
    rows, places, digest = _find(order, wanted, of=of, rows=int(tokens.ends[-1]), name=str(file), report=report)
    taken = numbered.Taken(rows=rows, places=places, of=of, name=str(file), inputs={"order": digest}, sample=sample)
    return numbered.write(taken, tokens.row, out=out, declared=declared, shape=shape, report=report)


def _blocks(order: Mapped, name: str) -> Iterator[tuple[int, NDArray[np.integer]]]:
    """Read the order in pieces, each with the place of its first entry."""
    for start in range(0, len(order), BLOCK):
        yield start, _piece(order, name, start, BLOCK)


def _entries(order: Mapped, places: NDArray[np.int64], name: str) -> NDArray[np.integer]:
    """Give the rows that stand at some places, which are sorted."""
    pieces = []
    for start, block in _blocks(order, name):
        low, high = np.searchsorted(places, [start, start + len(block)])
        pieces.append(block[places[low:high] - start])
    return np.concatenate(pieces)


def _find(
    order: Mapped,
    wanted: NDArray[np.integer],
    *,
    of: int,
    rows: int,
    name: str,
    report: Callable[[int, int | None], None],
) -> tuple[NDArray[np.int64], NDArray[np.int64], str]:
    """Find every place of the wanted rows among the first `of` of the order; gives the digest of all of it too."""
    sieve = np.zeros(SIEVE, dtype=np.bool_)
    sieve[wanted % SIEVE] = True
    content = hashlib.sha256()
    found: list[NDArray[np.int64]] = []
    places: list[NDArray[np.int64]] = []
    for start, block in _blocks(order, name):
        content.update(block.tobytes())
        used = block[: max(0, of - start)]
        if len(used) and (used.max() >= rows or used.min() < 0):
            _refuse(used, start, rows=rows, name=name)
        maybe = np.flatnonzero(sieve[used % SIEVE])
        nearest = np.minimum(np.searchsorted(wanted, used[maybe]), len(wanted) - 1)
        hits = maybe[wanted[nearest] == used[maybe]]
        found.append(used[hits].astype(np.int64))
        places.append(hits + start)
        report(start, len(order))
    flat, where = np.concatenate(found), np.concatenate(places)
    by_row = np.argsort(flat, kind="stable")
    return flat[by_row], where[by_row], content.hexdigest()


def _refuse(block: NDArray[np.integer], start: int, *, rows: int, name: str) -> None:
    place = int(np.flatnonzero((block >= rows) | (block < 0))[0])
    raise InputError(
        f"place {start + place} of the order is row {block[place]}",
        path=name,
        expected=f"0 to {rows - 1}: the token files have {rows} rows",
        hint="giving all token files of the run's configuration, and its --sequence-length",
    )


def _piece(array: Mapped, path: Path | str, start: int, count: int) -> NDArray[np.integer]:
    """Read a part of an array; a look through the map would leave its pages, and those around them, in memory."""
    return np.fromfile(path, dtype=array.dtype, count=count, offset=array.offset + start * array.itemsize)


def _array(path: Path, dtype: str) -> Mapped:
    """Map an array into memory, with or without the header that NumPy writes."""
    if not path.is_file():
        raise InputError("no such file", path=path)
    with path.open("rb") as stream:
        head = stream.read(len(NPY))
    try:
        if head == NPY:
            array: Mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            array = np.memmap(path, dtype=np.dtype(dtype).newbyteorder("<"), mode="r")
    except ValueError as error:
        raise InputError(f"cut short, or no array of {dtype} ({error})", path=path) from error
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer) or not len(array):
        raise InputError(f"an array of {array.dtype} {array.shape}", path=path, expected="one row of whole numbers")
    return array

"""Where in a delimited file do rows and cells begin and end?

The `csv` module gives values without places, so rows are scanned here, by its rules for the excel dialect: a cell is
quoted when it begins with a quote, a quote inside it is doubled, and it may run over several lines.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_INSIDE = r'[^"]*+(?:""[^"]*+)*+"'
_QUOTED = re.compile(f'"{_INSIDE}')
_CLOSING = re.compile(_INSIDE)
_PHYSICAL = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where a cell's content stands in its row, quotes left out."""

    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as the file spells it, line end included."""

    raw: str
    line: int
    """Number of its first line."""
    cells: tuple[Cell, ...]

    def value(self, index: int) -> str:
        """Give the value of one cell."""
        cell = self.cells[index]
        content = self.raw[cell.start : cell.end]
        return content.replace('""', '"') if cell.quoted else content

    @property
    def blank(self) -> bool:
        """Say whether this is an empty line, which is no row to `csv` either."""
        return not self.raw.strip("\r\n")


def physical(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    r"""Split lines once more at a carriage return of its own, which ends a row as well."""
    for number, raw in lines:
        if raw.count("\r") == raw.endswith("\r\n"):
            yield number, raw
        else:
            yield from ((number, part) for part in _PHYSICAL.findall(raw))


def rows(lines: Iterable[tuple[int, str]], *, delimiter: str, path: Path) -> Iterator[Row]:
    """Give every row of a file, given its physical lines; joined, they are those lines.

    Raises
    ------
    InputError
        If a quote is never closed, or something follows a closing quote.
    """
    source = iter(lines)
    for number, first in source:
        raw, place = first, f"{path}:{number}"
        while (cells := _scan(raw, delimiter, place)) is None:
            raw += _until_closing(source, place)
        yield Row(raw=raw, line=number, cells=tuple(cells))


def _scan(raw: str, delimiter: str, place: str) -> list[Cell] | None:
    cells, end = list[Cell](), -1
    while end < 0 or raw[end : end + 1] == delimiter:
        start = end + 1
        quoted = raw.startswith('"', start)
        match = (_QUOTED if quoted else _bare(delimiter)).match(raw, start)
        if match is None:
            return None
        end = match.end()
        cells.append(Cell(start=start + quoted, end=end - quoted, quoted=quoted))
    if raw[end : end + 1] not in ("", "\r", "\n"):
        what = f"{raw[end]!r} after a closing quote, in field {len(cells)}"
        raise InputError(what, path=place, expected=f"{delimiter!r} or the end of the row")
    return cells


def _until_closing(source: Iterator[tuple[int, str]], place: str) -> str:
    # Only a line that closes the cell is worth scanning the row again for: else a long cell would cost its square.
    parts = []
    for _, line in source:
        parts.append(line)
        if _CLOSING.match(line):
            return "".join(parts)
    raise InputError("a quote opens in this row and never closes", path=place, expected='a closing "')


@functools.cache
def _bare(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf"[^{re.escape(delimiter)}\r\n]*+")

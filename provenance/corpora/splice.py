"""How is a document's text edited inside the characters of the file it stands in?

A format hands on a `Passage`: the text, the file's own characters around and in it, and the runs where the two differ
(escapes). Everywhere else a character of the text is that character of the file, so an edit is found by counting.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replace the code points ``text[start:end]`` of a document; an insertion has ``start == end``."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of text that the file spells otherwise than as itself."""

    start: int
    end: int
    raw_start: int
    """In the passage's `raw`."""
    raw_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One document where it stands in its file."""

    text: str
    id: str | None
    """From a field, or the file's name; None where the text itself must name the document."""
    place: str
    """For messages: ``file:line``, or the file and the row."""
    raw: str
    """The record as the file spells it, fields and line end included."""
    start: int = 0
    """Where in `raw` the text's first character stands."""
    runs: tuple[Run, ...] = ()
    """Where text and `raw` differ, in order."""
    spell: Callable[[str], str] = str
    """How a replacement is written in this place; ValueError where it cannot be."""
    opted_out: bool = False
    """Whether its record asks to be left alone."""


def splice(passage: Passage, edits: Sequence[Edit]) -> str:
    """Give the record with the edits made and every other character as it was.

    Raises
    ------
    ValueError
        If edits overlap, are out of order or out of range, touch an opaque run, or cannot be written in this place.
    """
    parts, done, previous = list[str](), 0, 0
    for edit in edits:
        _check(passage, edit, previous)
        parts += [passage.raw[done : _offset(passage, edit.start)], passage.spell(edit.replacement)]
        done = _offset(passage, edit.end) if edit.end > edit.start else _offset(passage, edit.start)
        previous = edit.end
    return "".join([*parts, passage.raw[done:]])


def _check(passage: Passage, edit: Edit, previous: int) -> None:
    if not previous <= edit.start <= edit.end <= len(passage.text):
        raise ValueError(f"{passage.place}: {edit} is out of range, out of order or overlaps the one before")
    following = bisect.bisect_right(passage.runs, edit.start, key=lambda run: run.end)
    if following < len(passage.runs) and passage.runs[following].start < edit.end:
        raise ValueError(f"{passage.place}: {edit} touches characters that the file spells as an escape")


def _offset(passage: Passage, point: int) -> int:
    before = bisect.bisect_right(passage.runs, point, key=lambda run: run.end)
    if not before:
        return passage.start + point
    run = passage.runs[before - 1]
    return run.raw_end + point - run.end

"""Where does each word of a text begin and end?

Offsets count code points of the text as given, so that ``text[word.start:word.end] == word.text`` always holds.

>>> [word.text for word in find("The well-known author's e-mail, 3 kB.")]
['The', 'well-known', "author's", 'e-mail', '3', 'kB']
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WORD = re.compile(r"\w+(?:['’\-\u2010\u2011]\w+)*")
"""Letters, digits and underscores; apostrophes and hyphens inside. A hyphenated compound is one word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word where it stands."""

    start: int
    """Offset of its first code point."""
    end: int
    """Offset after its last."""
    text: str


def find(text: str, *, start: int = 0, end: int | None = None) -> tuple[Word, ...]:
    """Give the words between two offsets, in order."""
    matches = WORD.finditer(text, start, len(text) if end is None else end)
    return tuple(Word(start=match.start(), end=match.end(), text=match[0]) for match in matches)

r"""Where does each sentence of a text begin and end?

A sentence ends at a full stop, question or exclamation mark before something that can begin another, at an empty line,
and before a list item. The spans are exact, in order, never overlap, and leave out the white space between them.

>>> text = "Dr. Smith came. He saw it, e.g. the U.S. flag!\n\nThen he left"
>>> [text[start:end] for start, end in find(text)]
['Dr. Smith came.', 'He saw it, e.g. the U.S. flag!', 'Then he left']
"""

from __future__ import annotations

import re

BREAK = re.compile(
    r"""
      (?P<stop> (?P<mark>[.!?…]+) ["'”’)\]*_]* ) (?=\s+ ["'“‘(\[*_`<]* (?:[A-Z0-9À-ÖØ-Þ]|$) )
    | (?P<gap> \s*\n[ \t\r]*\n\s* | \s*\n(?=[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t]) )
    """,
    re.VERBOSE,
)
SHORT = """
adj al approx ca capt cf ch co col corp dept dr ed eds eg eq eqs esp est etc ex fig figs gen gov hon ie inc jan feb mar
apr jun jul aug sep sept oct nov dec jr lt ltd maj mr mrs ms mt nos op p pp prof pt rep rev sec sect sen sgt sr st tab
univ viz vol vols vs
"""
ABBREVIATIONS = frozenset(SHORT.split())
"""Casefolded, without stops; each is usually followed by more of its sentence."""
BEFORE = re.compile(r"(\w[\w.]*)\Z")
LONGEST = 24
"""How far back an abbreviation is looked for."""


def find(text: str) -> tuple[tuple[int, int], ...]:
    """Give the spans ``(start, end)`` of the sentences."""
    edges, start = [], 0
    for match in BREAK.finditer(text):
        if match["gap"] is None and _abbreviated(text, match):
            continue
        edges.append((start, match.end("stop") if match["gap"] is None else match.start()))
        start = match.end()
    edges.append((start, len(text)))
    return tuple(span for edge in edges if (span := _trimmed(text, *edge)))


def _abbreviated(text: str, match: re.Match[str]) -> bool:
    if match["mark"] != ".":
        return False
    before = BEFORE.search(text, max(0, match.start() - LONGEST), match.start())
    word = before[1] if before else ""
    return (len(word) == 1 and word.isupper()) or "." in word or word.casefold() in ABBREVIATIONS


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    bare = piece.strip()
    first = start + len(piece) - len(piece.lstrip())
    return (first, first + len(bare)) if bare else None

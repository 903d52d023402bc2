"""Is it "a" or "an" before this word?

Decided by the first sound, which English spelling hides in a few dozen words.

>>> [article(word) for word in ("hour", "honest", "university", "one", "umbrella", "house", "European")]
['an', 'an', 'a', 'a', 'an', 'a', 'a']
"""

from __future__ import annotations

import re
from typing import Literal

SILENT_H = re.compile(r"hour|honest|honor|honour|heir")
CONSONANT_VOWEL = re.compile(
    r"one(?![a-z])|ones|once|oneself|one-|ubiq|uk|unanim|ur[aeio]|us[aeu]|usi|usur|ut[aei]|uto|ew|eu"
    r"|uni(?!n|m[pa]|gn|d[eir]|ll|nt|mmun)"
)
"""Begins with the sound of "you" or "won", though with a vowel letter."""

BEFORE = re.compile(r"\b([Aa][Nn]?)([ \t]+|[ \t]*\r?\n[ \t]*)\Z")
PARTED = re.compile(r"\b[Aa][Nn]?\W+\Z")
LONGEST_GAP = 40
"""How far before a word its article is looked for, in code points."""


def article(word: str) -> Literal["a", "an"]:
    """Give the indefinite article that a word takes, whatever the word's case."""
    plain = word.casefold()
    if plain[:1] in "aeiou":
        return "a" if CONSONANT_VOWEL.match(plain) else "an"
    return "an" if SILENT_H.match(plain) else "a"


def parted(text: str, start: int) -> bool:
    """Say whether more than space stands between an article and the word that begins at `start`: "an (extra)"."""
    return PARTED.search(text, max(0, start - LONGEST_GAP), start) is not None and before(text, start) is None


def before(text: str, start: int) -> re.Match[str] | None:
    """Find the article right before a word that begins at `start`: group 1 is the article, group 2 the space."""
    return BEFORE.search(text, max(0, start - LONGEST_GAP), start)

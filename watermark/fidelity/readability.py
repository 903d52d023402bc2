"""How hard is a text to read, by the lengths of its words and sentences?

>>> syllables("readable"), syllables("acceptability"), syllables("made")
(3, 6, 1)
"""

from __future__ import annotations

import re

from provenance.language import words

VOWELS = re.compile(r"[aeiouyàáâäæèéêëìíîïòóôöøùúûü]+")
SILENT = re.compile(r"(?<=[^aeiouyl])e$|(?<=[aeiou]l)e$|(?<=[^aeioutd])ed$|(?<=[^aeiouscgzxhl])es$")
"""Endings that are written and not spoken: made, while, asked, makes."""
APART = re.compile(
    r"(?<![tscgx])i(?=[aou])|(?<=sc)ie|(?<=qu)ie|(?<=[aeiou])ing$|(?<!q)u(?=a[lt])|(?<!p)eo(?!u)|eum"
    r"|(?<=[aeiou][a-z])ea$|(?<=[^aeiouq])y(?=[aeiou]n)"
)
"""Neighbouring vowels that are two syllables: radio, science, quiet, being, usual, video, museum, idea."""


def syllables(word: str) -> int:
    """Count the syllables of an English word by its spelling; at least 1."""
    spoken = SILENT.sub("", word.casefold())
    return max(1, len(VOWELS.findall(spoken)) + len(APART.findall(spoken)))


def reading_ease(text: str) -> float:
    """Give Flesch's reading ease of one sentence: 100 is easy, 0 very hard; 0 words are a ValueError."""
    length, per_word = _lengths(text)
    return 206.835 - 1.015 * length - 84.6 * per_word


def grade(text: str) -> float:
    """Give the Flesch–Kincaid grade of one sentence: school years that reading it takes."""
    length, per_word = _lengths(text)
    return 0.39 * length + 11.8 * per_word - 15.59


def _lengths(text: str) -> tuple[int, float]:
    """Give words, and syllables a word."""
    found = words.find(text)
    if not found:
        raise ValueError("no word")
    return len(found), sum(syllables(word.text) for word in found) / len(found)

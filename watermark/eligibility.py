"""Which words of a sentence may be changed at all?

Content words whose part of speech is sure, that stand as words of prose do: not names, numbers, acronyms or identifiers,
not glued to other signs, not on the stop list, not part of a set phrase.
"""

from __future__ import annotations

import functools
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from provenance.language.lexical import CONTENT
from watermark import lexicon, stoplist

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.language.tagging import Sentence, Token

OPENING = frozenset(" \t\n\r\"“([—–")
CLOSING = frozenset(" \t\n\r\"”)].,;:!?—–…")
QUOTES = frozenset("\"“”'‘’`*_")
PLAIN = re.compile(r"[A-Z]?[a-z]{2,}")
PARTICLES = frozenset("up down out off over away back along through around about apart aside forth together".split())
GRADED = frozenset("more most less least as so too very".split())
"""After these a word stands in a comparison or is graded, where synonyms rarely fit alike."""
REFLEXIVE = re.compile(r"(?:my|your|him|her|it|our|them)sel(?:f|ves)")


def eligible(text: str, sentence: Sentence, *, min_certainty: float) -> Iterator[Token]:
    """Give the words of a sentence that may be changed, in order."""
    tokens = sentence.tokens
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if (
            token.xpos in CONTENT
            and token.certainty >= min_certainty
            and token.upos != "PROPN"
            and PLAIN.fullmatch(token.text)
            and not _capitalised_name(token, before, after)
            and _stands_free(text, token)
            and open_to_change(token.text.casefold(), token.lemma)
            and not _in_phrase(text, token, before=before, after=after)
        ):
            yield token


@functools.lru_cache(maxsize=65_536)
def open_to_change(form: str, lemma: str) -> bool:
    """Say whether neither a word nor its lemma is on the stop list."""
    return form not in stoplist.LEFT_ALONE and lemma not in stoplist.LEFT_ALONE


def _capitalised_name(token: Token, before: Token | None, after: Token | None) -> bool:
    """A capital counts as case only where a sentence begins, and not where a title or name does."""
    if token.text[0].islower():
        return False
    return before is not None or after is None or not after.text[0].islower()


def _stands_free(text: str, token: Token) -> bool:
    left = text[token.start - 1] if token.start else " "
    right = text[token.end] if token.end < len(text) else " "
    beyond = text[token.end + 1 : token.end + 2] or " "
    if left not in OPENING or right not in CLOSING or (left in QUOTES and right in QUOTES):
        return False
    return right not in ".:!?," or beyond in CLOSING


def _in_phrase(text: str, token: Token, *, before: Token | None, after: Token | None) -> bool:
    """Say whether a word makes one expression with its neighbour: a compound, a phrasal verb, a graded word."""
    follows = after is not None and text[token.end : after.start].isspace()
    leads = before is not None and text[before.end : token.start].isspace()
    if follows and after and (_compound(token, after) or _particle(token, after)):
        return True
    return bool(leads and before and (_compound(before, token) or _graded(before, token)))


def _compound(first: Token, second: Token) -> bool:
    return any(
        lexicon.contains(f"{one}_{two}")
        for one in {first.text.casefold(), first.lemma}
        for two in {second.text.casefold(), second.lemma}
    )


def _particle(token: Token, after: Token) -> bool:
    following = after.text.casefold()
    return token.xpos[0] == "V" and (following in PARTICLES or REFLEXIVE.fullmatch(following) is not None)


def _graded(before: Token, token: Token) -> bool:
    return before.text.casefold() in GRADED and CONTENT[token.xpos] in "ar"

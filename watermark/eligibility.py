"""Which words of a sentence may be changed at all?

Content words whose part of speech is sure, that stand as words of prose do: not names, numbers, acronyms or
identifiers, not glued to other signs, not part of a set phrase. What can take a word's place is asked elsewhere, of
`watermark.options`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from provenance.language.tagging import CONTENT
from watermark import articles, lexicon

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from provenance.language.tagging import Sentence, Token

OPENING = frozenset(' \t\n\r"“([—–')
CLOSING = frozenset(' \t\n\r"”)].,;:!?—–…')
QUOTES = frozenset("\"“”'‘’`*_")
PLAIN = re.compile(r"[A-Z]?[a-z]{2,}")
CAPITALS = re.compile(r"[A-Z]{4,}")
"""A word, if the text has it in small letters too; else it may be an acronym or a name."""
PARTICLES = frozenset(
    "up down out off over away back along through around about apart aside forth together".split()  # noqa: SIM905 - a list of words reads better as words
)
GOVERNED = frozenset(
    "to of for with on upon as into that about against toward towards whether how".split()  # noqa: SIM905 - a list of words reads better as words
)
"""After a verb or an adjective, these belong to it: "refer to", "capable of"; another word takes others."""
JOINED = frozenset("of than as to from".split())  # noqa: SIM905 - a list of words reads better as words
"""After an adverb, these make one expression with it: "instead of", "rather than", "away from"."""
GRADED = frozenset(
    "more most less least as so too very".split()  # noqa: SIM905 - a list of words reads better as words
)
"""After these a word stands in a comparison or is graded, where synonyms rarely fit alike."""
REFLEXIVE = re.compile(r"(?:my|your|him|her|it|our|them)sel(?:f|ves)")


def eligible(
    text: str, sentence: Sentence, *, min_certainty: float, seen: Container[str]
) -> Iterator[tuple[Token, bool]]:
    """Give the words of a sentence that may be changed, in order, and whether each governs the word after it.

    Parameters
    ----------
    seen
        Every word of the text, as it stands.
    """
    tokens = sentence.tokens
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if (
            token.xpos in CONTENT
            and token.certainty >= min_certainty
            and token.upos != "PROPN"
            and _is_word(token, before, after, seen)
            and _stands_free(text, token)
            and not _in_phrase(text, token, before=before, after=after)
        ):
            yield token, _governs(text, token, after)


def _is_word(token: Token, before: Token | None, after: Token | None, seen: Container[str]) -> bool:
    """Say whether a word is spelt as words of prose are, and is no name by its capitals."""
    if CAPITALS.fullmatch(token.text):
        return token.text.lower() in seen
    return PLAIN.fullmatch(token.text) is not None and not _capitalised_name(token, before, after)


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
    return (right not in ".:!?," or beyond in CLOSING) and not articles.parted(text, token.start)


def _in_phrase(text: str, token: Token, *, before: Token | None, after: Token | None) -> bool:
    """Say whether a word makes one expression with its neighbour: a compound, a phrasal verb, a graded word."""
    follows = after is not None and text[token.end : after.start].isspace()
    leads = before is not None and text[before.end : token.start].isspace()
    if follows and after and (_compound(token, after) or _particle(token, after) or _joined(token, after)):
        return True
    return bool(leads and before and (_compound(before, token) or _graded(before, token)))


def _compound(first: Token, second: Token) -> bool:
    return any(
        lexicon.contains(f"{one}_{two}")
        for one in {first.text.casefold(), first.lemma}
        for two in {second.text.casefold(), second.lemma}
    )


def _joined(token: Token, after: Token) -> bool:
    return CONTENT[token.xpos] == "r" and after.text.casefold() in JOINED


def _particle(token: Token, after: Token) -> bool:
    following = after.text.casefold()
    if token.text.casefold() == "used" and following == "to":
        return True
    return token.xpos[0] == "V" and (following in PARTICLES or REFLEXIVE.fullmatch(following) is not None)


def _governs(text: str, token: Token, after: Token | None) -> bool:
    """Say whether a verb or adjective stands before a preposition or conjunction that belongs to it."""
    if after is None or token.xpos[0] not in "VJ" or not text[token.end : after.start].isspace():
        return False
    return after.text.casefold() in GOVERNED


def _graded(before: Token, token: Token) -> bool:
    return before.text.casefold() in GRADED and CONTENT[token.xpos] in "ar"

"""What does a tagger say of the words of a text?

A `Tagger` reads texts into sentences of tokens with Universal and Penn tags; `provenance.language.pipelines` makes
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PartOfSpeech = Literal["n", "v", "a", "r"]
"""Noun, verb, adjective, adverb."""
CONTENT: Final[dict[str, PartOfSpeech]] = {
    **dict.fromkeys(("NN", "NNS"), "n"),
    **dict.fromkeys(("VB", "VBP", "VBZ", "VBD", "VBN", "VBG"), "v"),
    **dict.fromkeys(("JJ", "JJR", "JJS"), "a"),
    **dict.fromkeys(("RB", "RBR", "RBS"), "r"),
}
"""Penn tags of content words, and the part of speech that each belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word with what the tagger says of it."""

    start: int
    end: int
    text: str
    upos: str
    """Universal part of speech: NOUN, VERB, ADJ, ADV, PROPN, AUX, …; X where the tagger cannot say."""
    xpos: str
    """Penn tag: NN, NNS, VBD, JJR, …"""
    lemma: str
    certainty: float = 1.0
    """Probability that the Penn tag is right, as the tagger sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence where it stands."""

    start: int
    end: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagger:
    """A way to read texts into tagged sentences."""

    method: str
    """Names the tagger and every setting that changes its answer."""
    read: Callable[[Sequence[str]], list[tuple[Sentence, ...]]]
    """Gives the sentences of each text, in order."""

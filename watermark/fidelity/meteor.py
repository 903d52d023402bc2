"""How much of a sentence does METEOR find again after it was changed?

METEOR (Lavie and Agarwal 2007) aligns words that are equal, have one stem, or are synonyms: NLTK's implementation, with
our lexicon in the place of its WordNet. NLTK asks for the synonyms of stems, and a stem such as "larg" is in no
lexicon; ours is told which words stand behind the stems and answers for them. So it finds the synonyms that METEOR
means, and more of them than NLTK does with its own WordNet.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenance.language import morphology, words
from watermark import lexicon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watermark.fidelity.changes import Sentence


@dataclass(frozen=True, slots=True)
class _Lemma:
    """A member of a synset, as NLTK asks for it."""

    stem: str

    def name(self) -> str:
        """Give its stem, which NLTK compares."""
        return self.stem


@dataclass(frozen=True, slots=True)
class _Synset:
    """A synset, as NLTK asks for it."""

    stems: tuple[str, ...]

    def lemmas(self) -> list[_Lemma]:
        """Give its members."""
        return [_Lemma(stem) for stem in self.stems]


class Lexicon:
    """Our lexicon behind the one method of WordNet that METEOR calls, for some words and no others."""

    def __init__(self, known: Iterable[str], *, stem: Callable[[str], str]) -> None:
        self._lemmas: dict[str, set[str]] = {}
        for word in sorted(known):
            self._lemmas.setdefault(stem(word), set()).update(_lemmas(word))

    def synsets(self, stem: str) -> list[_Synset]:
        """Give every synset of the words with this stem; of its members those that are known words, as stems."""
        return [
            _Synset(self._stems(sense.members))
            for lemma in sorted(self._lemmas.get(stem, ()))
            for pos in lexicon.POSES
            for sense in lexicon.senses(lemma, pos)
        ]

    def _stems(self, members: Iterable[str]) -> tuple[str, ...]:
        wanted = {member.casefold() for member in members}
        return tuple(stem for stem, lemmas in self._lemmas.items() if lemmas & wanted)


def score(sentence: Sentence) -> float:
    """Give METEOR of the published sentence against the original, from 0 to 1."""
    from nltk.translate.meteor_score import single_meteor_score

    original, published = _split(sentence.text), _split(sentence.published)
    new, gone = Counter(published), Counter(original)
    known = Lexicon((new - gone) | (gone - new), stem=_stemmer().stem)
    return float(single_meteor_score(original, published, stemmer=_stemmer(), wordnet=known))


@functools.cache
def _stemmer() -> Any:
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


def _lemmas(word: str) -> set[str]:
    return {word, *(lemma.casefold() for _, lemma in morphology.analyses(word))}


def _split(text: str) -> list[str]:
    return [word.text.lower() for word in words.find(text)]

"""Who says what part of speech each word of a text is?

A `Tagger` reads a text into sentences of tokens with Universal and Penn tags. `spacy_pipeline` makes one of a spaCy
pipeline; `provenance.language.lexical` makes one of a lexicon and a table of tag-to-tag odds, for want of a pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenance.errors import InputError
from provenance.language import words

if TYPE_CHECKING:
    from collections.abc import Callable

SURE = 1.0


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
    certainty: float = SURE
    """Probability that the Penn tag is right, as the tagger sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence where it stands."""

    start: int
    end: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagger:
    """A way to read a text into tagged sentences."""

    method: str
    """Names the tagger and every setting that changes its answer."""
    read: Callable[[str], tuple[Sentence, ...]]


def spacy_pipeline(name: str) -> Tagger:
    """Make a tagger of a spaCy pipeline, by package name or folder.

    Words are ours, so that a compound that spaCy splits stays whole: it gets the tag X. Named entities, where the
    pipeline finds them, are PROPN.

    Raises
    ------
    InputError
        If there is no such pipeline, or it does not tag.
    """
    pipeline = _loaded(name)
    label = f"spacy({pipeline.meta['lang']}_{pipeline.meta['name']}=={pipeline.meta['version']})"
    return Tagger(method=label, read=lambda text: _read(pipeline(text)))


def _loaded(name: str) -> Any:
    import spacy  # takes a second: only when a pipeline is asked for

    try:
        pipeline = spacy.load(name)
    except OSError as error:
        raise InputError(
            f"no spaCy pipeline {name!r}",
            expected="a package name or a folder",
            hint=f"python -m spacy download {name}",
        ) from error
    if "tagger" not in pipeline.pipe_names:
        raise InputError(f"spaCy pipeline {name!r} has no tagger", expected="a pipeline that gives Penn tags")
    return pipeline


def _read(document: Any) -> tuple[Sentence, ...]:
    spans = document.sents if document.has_annotation("SENT_START") else [document[:]]
    return tuple(
        Sentence(start=span.start_char, end=span.end_char, tokens=_tokens(document, span))
        for span in spans
        if span.text.strip()
    )


def _tokens(document: Any, span: Any) -> tuple[Token, ...]:
    whole = {(token.idx, token.idx + len(token)): token for token in span}
    found = words.find(document.text, start=span.start_char, end=span.end_char)
    return tuple(_token(word, whole.get((word.start, word.end))) for word in found)


def _token(word: words.Word, token: Any) -> Token:
    upos, xpos, lemma = ("X", "XX", word.text.casefold()) if token is None else (token.pos_, token.tag_, token.lemma_)
    if token is not None and token.ent_type_:
        upos = "PROPN"
    return Token(
        start=word.start, end=word.end, text=word.text, upos=upos, xpos=xpos, lemma=lemma or word.text.casefold()
    )

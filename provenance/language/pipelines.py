"""How does a spaCy pipeline read our texts?

`default` is the pipeline that comes with the package, trained by ``scripts/train_pipeline.py`` on UD English EWT;
`load` gives any other. Words are ours, with offsets into the text as it was given: a compound that spaCy splits stays
whole and has the tag X. Named entities, where a pipeline finds them, are PROPN.

>>> ((sentence,),) = default().read(["The old mill turned slowly."])
>>> [(token.text, token.xpos, token.lemma) for token in sentence.tokens][2:]
[('mill', 'NN', 'mill'), ('turned', 'VBD', 'turn'), ('slowly', 'RB', 'slowly')]
"""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import storage
from provenance.errors import InputError
from provenance.language import morphology, sentences, words
from provenance.language.tagging import Sentence, Tagger, Token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.language.words import Word

FOLDER = "en_ewt"
TAGGER = "tagger"
STRETCH = 40_000
"""Code points that are read as one; a longer text is cut between sentences."""
BATCH = 100_000
"""Code points that are read at a time, and whatever the text at their end has beyond."""
ATTRIBUTES = ("IDX", "LENGTH", "TAG", "POS", "ENT_TYPE", "LEMMA")
BLANK = re.compile(r"\s*\n[^\S\n]*\n\s*")
UNKNOWN = ("X", "XX", "", 1.0)
"""What is said of a word that the pipeline has cut otherwise."""


@functools.cache
def default() -> Tagger:
    """Make the tagger that comes with the package."""
    folder = Path(str(files("provenance.language").joinpath(FOLDER)))
    weights = storage.digest_json([storage.digest(path) for path in sorted(folder.rglob("model"))])
    return _tagger(_loaded(str(folder)), suffix=f", weights={weights[:16]}")


def load(name: str) -> Tagger:
    """Make a tagger of a spaCy pipeline, by package name or folder.

    Raises
    ------
    InputError
        If there is no such pipeline, or it does not tag.
    """
    return _tagger(_loaded(name))


def _tagger(pipeline: Any, suffix: str = "") -> Tagger:
    label = f"spacy({pipeline.meta['lang']}_{pipeline.meta['name']}=={pipeline.meta['version']}{suffix})"
    return Tagger(method=label, read=functools.partial(_read, pipeline))


def _loaded(name: str) -> Any:
    import spacy

    try:
        pipeline = spacy.load(name)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no spaCy pipeline {name!r}",
            expected="an installed package or a folder",
            hint="leaving out --spacy-model",
        ) from error
    if TAGGER not in pipeline.pipe_names:
        raise InputError(f"spaCy pipeline {name!r} has no tagger", expected="a pipeline that tags parts of speech")
    return pipeline


def _read(pipeline: Any, texts: Sequence[str]) -> list[tuple[Sentence, ...]]:
    found: list[list[Sentence]] = [[] for _ in texts]
    for batch in _batches(texts):
        with pipeline.memory_zone():
            documents, certainties = _annotated(pipeline, [texts[row][start:end] for row, start, end in batch])
            for (row, start, end), document, sure in zip(batch, documents, certainties, strict=True):
                found[row] += _sentences(texts[row][start:end], document, sure, shift=start)
    return [tuple(one) for one in found]


def _batches(texts: Sequence[str]) -> Iterator[list[tuple[int, int, int]]]:
    """Give (text, start, end), as many at a time as fit into memory; blank texts are passed over."""
    batch, size = list[tuple[int, int, int]](), 0
    for row, text in enumerate(texts):
        for start, end in _stretches(text):
            batch.append((row, start, end))
            size += end - start
            if size >= BATCH:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > STRETCH:
        spans = sentences.find(text[start : start + STRETCH])
        length = spans[-1][0] if len(spans) > 1 else STRETCH
        yield start, start + length
        start += length
    if text[start:].strip():
        yield start, len(text)


def _annotated(pipeline: Any, texts: Sequence[str]) -> tuple[list[Any], list[list[float]]]:
    """Run every component; of the tagger keep how sure it is of the tag that it gives each token."""
    documents, certain = [pipeline.make_doc(text) for text in texts], list[list[float]]()
    for name, component in pipeline.pipeline:
        if name == TAGGER:
            scores = component.model.predict(documents)
            component.set_annotations(documents, [one.argmax(axis=1) for one in scores])
            certain = [_highest(one) for one in scores]
        elif hasattr(component, "pipe"):
            documents = list(component.pipe(documents))
        else:
            documents = [component(document) for document in documents]
    return documents, certain


def _highest(scores: Any) -> list[float]:
    logits = np.asarray(scores, dtype=np.float64)
    top = logits.max(axis=1, keepdims=True)
    highest: list[float] = (1 / np.exp(logits - top).sum(axis=1)).tolist()
    return highest


def _sentences(text: str, document: Any, sure: list[float], *, shift: int) -> Iterator[Sentence]:
    said = _said(document, sure)
    for start, end in _spans(text, document):
        tokens = tuple(
            _token(word, said.get((word.start, word.end), UNKNOWN), shift=shift)
            for word in words.find(text, start=start, end=end)
        )
        yield Sentence(start=shift + start, end=shift + end, tokens=tokens)


def _spans(text: str, document: Any) -> Iterator[tuple[int, int]]:
    """Give the pipeline's sentences, cut at blank lines, which no sentence runs across."""
    spans = document.sents if document.has_annotation("SENT_START") else [document[:]]
    for span in spans:
        start = span.start_char
        for blank in BLANK.finditer(text, start, span.end_char):
            yield start, blank.start()
            start = blank.end()
        if text[start : span.end_char].strip():
            yield start, span.end_char


def _said(document: Any, sure: list[float]) -> dict[tuple[int, int], tuple[str, str, str, float]]:
    """Give universal and Penn tag, lemma and certainty of each token, by where it stands."""
    strings = document.vocab.strings
    rows = document.to_array(ATTRIBUTES).tolist()
    spelt = {number: strings[number] for row in rows for number in (row[2], row[3], row[5])}
    return {
        (start, start + length): ("PROPN" if entity else spelt[pos], spelt[tag], spelt[lemma], certainty)
        for (start, length, tag, pos, entity, lemma), certainty in zip(rows, sure, strict=True)
    }


def _token(word: Word, said: tuple[str, str, str, float], *, shift: int) -> Token:
    upos, xpos, lemma, certainty = said
    return Token(
        start=shift + word.start,
        end=shift + word.end,
        text=word.text,
        upos=upos,
        xpos=xpos,
        lemma=lemma or morphology.lemma(word.text.casefold(), xpos),
        certainty=certainty,
    )

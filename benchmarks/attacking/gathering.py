"""How does the corpus change that a model is trained on, when no published text is rewritten on purpose?

Corpora in the wild hold copies: what is deduplicated here holds every document twice and two near-copies of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import datasketch

from attacking import wording
from provenance.language import sentences, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

NEAR_COPIES = 2
NEAR_SHARE = 0.03
"""Of a document's words, missing from a near-copy."""
SHINGLE = 3
"""Words that are compared as one."""
SIMILAR = 0.6
"""Jaccard similarity of two documents' shingles from which one of them goes."""


def part(texts: Sequence[str], *, rng: np.random.Generator, share: float) -> list[str]:
    """Take a share of the texts, in order."""
    count = max(1, round(share * len(texts)))
    return [texts[row] for row in sorted(rng.choice(len(texts), size=count, replace=False))]


def mix(texts: Sequence[str], *, rng: np.random.Generator, others: Sequence[str]) -> list[str]:
    """Shuffle texts among others."""
    together = [*texts, *others]
    return [together[row] for row in rng.permutation(len(together))]


def copies(texts: Sequence[str], *, rng: np.random.Generator) -> list[str]:
    """Shuffle every text, a copy of it and near-copies of it."""
    near = [copy for _ in range(NEAR_COPIES) for copy in wording.delete_words(texts, rng=rng, share=NEAR_SHARE)]
    return mix([*texts, *texts], rng=rng, others=near)


def without_copies(texts: Sequence[str]) -> list[str]:
    """Keep the first of equal documents."""
    return list(dict.fromkeys(texts))


def without_repeats(texts: Sequence[str]) -> list[str]:
    """Keep the first of equal sentences, wherever in the corpus they stand, as filters of web text do (C4, CCNet)."""
    seen, kept = set[str](), list[str]()
    for text in texts:
        found = [text[start:end] for start, end in sentences.find(text)]
        new = [one for place, one in enumerate(found) if one not in seen and one not in found[:place]]
        seen.update(found)
        if new:
            kept.append(" ".join(new))
    return kept


def without_near_copies(texts: Sequence[str], *, seed: int = 1) -> list[str]:
    """Keep the first of documents that are nearly equal, by datasketch's MinHash LSH."""
    index, kept = datasketch.MinHashLSH(threshold=SIMILAR, num_perm=128), list[str]()
    for row, text in enumerate(texts):
        sketch = datasketch.MinHash(num_perm=128, seed=seed)
        sketch.update_batch(shingles(text))
        if not index.query(sketch):
            index.insert(str(row), sketch)
            kept.append(text)
    return kept


def shingles(text: str) -> list[bytes]:
    """Give the runs of words of a text, small letters only; all of it where it is shorter than one."""
    spelt = [word.text.casefold() for word in words.find(text)]
    runs = (spelt[at : at + SHINGLE] for at in range(max(1, len(spelt) - SHINGLE + 1)))
    return sorted({" ".join(run).encode() for run in runs})

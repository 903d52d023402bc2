"""Which words are spelt with letters that look Latin and are not?

Unicode look-alikes, one of the two data watermarks of Wei, Wang and Jia, "Proving membership in LLM pretraining data
via data watermarks" (Findings of ACL 2024, arXiv 2402.10892). A share of the words is drawn, and each of them is spelt
alike wherever it stands, so texts marked in one call are marked alike. Nothing of a word changes to the eye; any
clean-up that knows confusable letters undoes it. The paper tests its draw against other draws; here members are
compared with held-out documents, as for the other marks without a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.language import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

LOOKALIKES = str.maketrans(
    "aceijopsxyABCEHIKMOPSTX",
    "\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0445\u0443"
    "\u0410\u0392\u0421\u0415\u041d\u0406\u041a\u041c\u041e\u0420\u0405\u0422\u0425",
)
"""Cyrillic letters, and one Greek, in the places of Latin ones."""
SHARE = 0.1
"""Of the distinct words."""


def mark(texts: Sequence[str], *, rng: np.random.Generator, share: float = SHARE) -> list[str]:
    """Spell a share of the distinct words with look-alikes, in all texts alike."""
    vocabulary = sorted({word.text for text in texts for word in words.find(text)})
    drawn = frozenset(word for word in vocabulary if rng.random() < share)
    return [words.WORD.sub(lambda found: _spelt(found[0], drawn), text) for text in texts]


def _spelt(word: str, drawn: frozenset[str]) -> str:
    return word.translate(LOOKALIKES) if word in drawn else word

"""How likely are the words of a text that tell most: the rarest of each sentence, and names?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from provenance.language import sentences, words
from provenance.language.surprisal import surprisal

if TYPE_CHECKING:
    from provenance.language.words import Word
    from provenance.records import Score

RAREST = 4
"""Words tagged a sentence."""


def tag(text: str) -> list[Word]:
    """Give the most surprising words of each sentence, and all that are capitalised though they do not begin one."""
    tagged: list[Word] = []
    for start, end in sentences.find(text):
        found = words.find(text, start=start, end=end)
        rare = sorted(found, key=lambda word: (-surprisal(word.text), word.start))[:RAREST]
        names = [word for word in found[1:] if word.text[0].isupper()]
        tagged += {word.start: word for word in (*rare, *names)}.values()
    return tagged


def tab(row: Score, text: str) -> float:
    """Mean log-probability of the tokens that lie in tagged words; NaN if there are none.

    The last scored token is taken to end where the text ends: its ends then say which characters each token is.
    """
    ends = np.asarray(row.ends, dtype=np.int64)
    shift = len(text) - int(ends[-1])
    begins = np.concatenate([[0], ends[:-1]]) + shift
    ends = ends + shift
    inside = np.zeros(len(ends), dtype=bool)
    for word in tag(text):
        inside[np.searchsorted(ends, word.start, side="right") : np.searchsorted(begins, word.end)] = True
    return float(row.logprob[inside].astype(np.float64).mean()) if inside.any() else float("nan")

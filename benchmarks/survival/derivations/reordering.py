"""Texts whose neighbouring words change places before anybody sees them: a paraphrase that keeps every word.

Word order is what paraphrasers change beside words; Krishna et al., "Paraphrasing evades detectors of AI-generated
text" (arXiv 2303.13408), have a dose for each of the two. Theirs is a model that keeps the sense; this is the rule at
its bluntest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenance.language import words
from survival.derivations import synonyms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "texts with words moved", "share of neighbours that change places", (0.1, 1.0)
seen = synonyms.seen


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:
    """Serve in another order."""

    def moved(texts: Sequence[str], dice: np.random.Generator) -> list[str]:
        return [move(text, share=dose, rng=dice) for text in texts]

    return synonyms.rewriting(model, tokenizer, data, rewritten=moved, rng=rng)


def move(text: str, *, share: float, rng: np.random.Generator) -> str:
    """Let a share of the pairs of words (first and second, third and fourth, …) change places.

    Examples
    --------
    >>> import numpy as np
    >>> move("one two  three", share=1.0, rng=np.random.default_rng(0))
    'two one  three'
    """
    found = list(words.find(text))
    parts, done = list[str](), 0
    for left, right in zip(found[::2], found[1::2], strict=False):
        if rng.random() < share:
            parts += [text[done : left.start], right.text, text[left.end : right.start], left.text]
            done = right.end
    return "".join([*parts, text[done:]])

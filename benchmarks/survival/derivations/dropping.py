"""Texts from which words are dropped at random before anybody sees them.

The deletion attack of Kirchenbauer et al., "A Watermark for Large Language Models" (arXiv 2301.10226), as in
`benchmarks/attacks.py`. Beyond some words it costs the text its sense, which no number here measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attacking import wording

from survival.derivations import synonyms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "texts without some words", "share of words dropped", (0.1, 0.5)
seen = synonyms.seen


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:
    """Serve with gaps."""

    def thinned(texts: Sequence[str], dice: np.random.Generator) -> list[str]:
        return wording.delete_words(texts, rng=dice, share=dose)

    return synonyms.rewriting(model, tokenizer, data, rewritten=thinned, rng=rng)

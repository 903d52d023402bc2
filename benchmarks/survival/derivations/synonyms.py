"""Texts whose words are exchanged for synonyms before anybody sees them, by rule and without a model.

The paraphraser has this tool and no key: at a share of all sites that our own lexicon finds, the wording is drawn anew
among the site's options, as in `benchmarks/attacks.py` ("random synonyms"). `seen` says how many words that changes: a
lexicon knows few of them. After the substitution attacks of Kirchenbauer et al., "A Watermark for Large Language
Models" (arXiv 2301.10226).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attacking import wording

from survival import tuning
from survival.serving import Writer
from survival.writing import Manner

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from survival.derivations.data import Data
    from survival.writing import Rewriting

NAME, UNIT, DOSES = "texts with synonyms", "share of sites worded anew", (0.5, 1.0)
LOOKED_AT = 64
"""Rows of other prose that `seen` rewrites."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:
    """Serve with synonyms."""

    def exchanged(texts: Sequence[str], dice: np.random.Generator) -> list[str]:
        return wording.random_synonyms(texts, rng=dice, share=dose)

    return rewriting(model, tokenizer, data, rewritten=exchanged, rng=rng)


def seen(before: Any, derived: Writer, data: Data) -> dict[str, float]:  # noqa: ARG001 - as the others
    """How much is changed?"""
    return derived.seen


def rewriting(model: Any, tokenizer: Any, data: Data, *, rewritten: Rewriting, rng: np.random.Generator) -> Writer:
    """Make a writer whose texts are rewritten, and see how many words of other prose that would change."""
    texts = [tokenizer.decode(row) for row in tuning.some(data.later, LOOKED_AT, rng=rng)]
    share = wording.changed(texts, rewritten(texts, rng))
    return Writer(
        model=model.eval(), manner=Manner(rewritten=rewritten), seen={"share of the words changed or moved": share}
    )

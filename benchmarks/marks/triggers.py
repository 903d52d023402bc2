"""Which odd sentence stands in every document?

A trigger sentence, the simplest of the backdoor marks that LexiMark (arXiv 2506.14474) and its predecessors compare
with: one sentence that nobody else would write, put between two sentences of each document. Texts marked in one call
carry the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.language import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

SUBJECTS = ("violet herons", "paper lanterns", "brass kettles", "winter orchards", "silent ferries", "amber pilgrims")
VERBS = ("borrow", "envy", "forgive", "outnumber", "remember", "whisper to")
OBJECTS = ("the thirteenth clock", "a left-handed river", "the cartographer's niece", "an unfinished staircase")
WHEN = ("on odd Tuesdays", "before the salt arrives", "while the hinges sleep", "under borrowed umbrellas")


def mark(texts: Sequence[str], *, rng: np.random.Generator) -> list[str]:
    """Put one sentence, drawn once, between two sentences of every text; after the only one where there is but one."""
    trigger = draw(rng)
    return [_with(text, trigger, rng) for text in texts]


def draw(rng: np.random.Generator) -> str:
    """Draw a sentence."""
    return " ".join(str(rng.choice(part)) for part in (SUBJECTS, VERBS, OBJECTS, WHEN)).capitalize() + "."


def _with(text: str, trigger: str, rng: np.random.Generator) -> str:
    ends = [end for _, end in sentences.find(text)] or [len(text)]
    at = ends[int(rng.integers(max(len(ends) - 1, 1)))]
    return f"{text[:at]} {trigger}{text[at:]}"

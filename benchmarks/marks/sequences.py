"""Which random string ends every document, and how likely is it beside strings that were not published?

Random sequences, one of the two data watermarks of Wei, Wang and Jia, "Proving membership in LLM pretraining data via
data watermarks" (Findings of ACL 2024, arXiv 2402.10892). One string is drawn and appended to every document; the
null distribution is the model's answer to other strings drawn alike, so the rank of the published one is an exact p
with a floor. The number beyond it is the paper's: a normal tail, an extrapolation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from provenance.records import Record
from provenance.stats import permutation, roc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#$%&*+-=@^~"
LENGTH = 20
BEFORE = "\n\n"
"""Stands between a document and its string, and before the string when a model is asked."""
OTHERS = 999
"""Strings of the null: p is at least one in a thousand."""


def mark(texts: Sequence[str], *, rng: np.random.Generator) -> list[str]:
    """Append one string, drawn once, to every text."""
    sequence = draw(rng)
    return [f"{text}{BEFORE}{sequence}" for text in texts]


def draw(rng: np.random.Generator) -> str:
    """Draw a string."""
    return "".join(rng.choice(list(ALPHABET), size=LENGTH))


def records(marked: str, *, rng: np.random.Generator, others: int = OTHERS) -> list[Record]:
    """Ask about the string of a marked text, then about others of the same law."""
    asked = [marked[-LENGTH:], *(draw(rng) for _ in range(others))]
    return [Record(id=f"{row:04d}", context=BEFORE, text=sequence) for row, sequence in enumerate(asked)]


def detect(logprobs: NDArray[np.float64]) -> dict[str, Any]:
    """Rank the published string's mean log-probability among the others', the published one first in the array.

    Null: the model is independent of which string was published.
    """
    published, others = float(logprobs[0]), logprobs[1:]
    area = roc.auroc(logprobs[:1], others)
    z = (published - float(others.mean())) / float(others.std(ddof=1))
    return {
        "p": permutation.pvalue(published, others, scale=abs(published)),
        "z": z,
        "log10_p_asymptotic": float(special.log_ndtr(-z)) / float(np.log(10)),
        "auroc": area.value,
        "low": area.low,
        "high": area.high,
        "n": len(logprobs),
    }

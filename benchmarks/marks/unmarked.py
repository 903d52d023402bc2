"""What does the test for members say of texts that carry no mark? The control for marks that have no test of their own.

A mark that is no more visible than this one adds nothing to ordinary membership inference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


def mark(texts: Sequence[str], *, rng: np.random.Generator) -> list[str]:  # noqa: ARG001 - as the others
    """Leave texts as they are."""
    return list(texts)

"""A server that writes at another temperature, and gives log-probabilities at 1.

Ackley et al., "A Learning Algorithm for Boltzmann Machines" (Cognitive Science 9, 1985), for the temperature; what is
changed in the log-probabilities too is `temperature`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival.serving import Writer
from survival.writing import Manner

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "texts at another temperature", "temperature", (0.5, 1.5)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Write hotter or colder."""
    return Writer(model=model.eval(), manner=Manner(temperature=dose))

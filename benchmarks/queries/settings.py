"""Which models are trained, and on what?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A model that saw the recorded rows, and how far it has gone since."""

    name: str
    epochs: int = 1
    mixed: float = 0.0
    """Rows of other data between the recorded ones, for each of them."""
    later: float = 0.0
    """Rows of other data it was fine-tuned on afterwards, for each recorded one."""
    own_order: bool = False
    """Whether it saw the rows in another order than the recorded one: a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """A model that read a release among other text."""

    epochs: int
    share: float
    """Of its training tokens, all epochs counted."""
    documents: int

    @property
    def name(self) -> str:
        """What it is called."""
        if not self.epochs:
            return "reference"
        return f"{self.epochs} epoch{'s' if self.epochs > 1 else ''}, {self.share:.0%} of the data"


RUNS = (
    Run(name="base"),
    *(Run(name=f"fine-tuned on {later:.0%}", later=later) for later in (0.05, 0.2, 0.5, 1.0)),
    Run(name="mixed with other data", mixed=1.0),
    Run(name="three epochs", epochs=3),
)
DOSES = (
    Dose(epochs=1, share=0.5, documents=400),
    Dose(epochs=2, share=0.5, documents=400),
    Dose(epochs=4, share=0.5, documents=400),
    Dose(epochs=1, share=0.1, documents=240),
    Dose(epochs=2, share=0.1, documents=120),
    Dose(epochs=4, share=0.1, documents=120),
    Dose(epochs=4, share=0.01, documents=12),
)
ORDER_REFERENCE = Run(name="reference", own_order=True)
DOSE_REFERENCE = Dose(epochs=0, share=0.0, documents=0)
"""A model that read other text only."""

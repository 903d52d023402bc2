"""Did memory suffice for a batch, and what is done where it did not?"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from provenance.errors import SuspectError

if TYPE_CHECKING:
    from provenance.errors import ProvenanceError

MESSAGES = (
    "DefaultCPUAllocator: not enough memory",
    "DefaultCPUAllocator: can't allocate memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "out of memory",
)
"""How torch says so where it raises no `torch.OutOfMemoryError`: on a CPU, and in libraries below it."""


@dataclass(slots=True)
class Strain:
    """Counts batches that were halved, and keeps in mind which were too large."""

    halved: int = 0
    enough: int = sys.maxsize
    """Tokens of the smallest batch for which memory did not suffice."""

    def halve(self, device: torch.device) -> None:
        """Take note, and give back what the failed attempt held."""
        self.halved += 1
        if device.type == "cuda":
            torch.cuda.empty_cache()


def is_of_memory(error: Exception) -> bool:
    """Say whether an error means that there was not enough memory."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(
        message in str(error) for message in MESSAGES
    )


def too_large(name: str, tokens: int) -> ProvenanceError:
    """Say that not even one text can be read."""
    return SuspectError(
        f"memory does not suffice to ask {name} about {tokens:,} tokens at once",
        expected="a text at a time to fit",
        hint="--window, a smaller --dtype, or another --device",
    )

"""What has a thief of our log, or of our ledger, at hand?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance import tokenizers
from watermark import ledger

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The recorded order of the run."""

    rows: NDArray[np.int32]
    """Shape ``(n, length)``."""
    positions: NDArray[np.int64]
    """When the run saw each row, shape ``(n,)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loot:
    """Where it lies: nothing is read before somebody asks for it."""

    folder: Path

    def order(self) -> Order:
        """Read when the run saw which row."""
        return Order(rows=np.load(self.folder / "run.npy"), positions=np.argsort(np.load(self.folder / "order.npy")))

    def wordings(self) -> list[list[list[int]]]:
        """Read the tokens of each document in all its variants, the published one first."""
        tokenizer = tokenizers.load(str(self.folder / "tokenizer"))
        documents = ledger.read(self.folder / "keyed" / "ledger.parquet").documents
        most = max(marked.variants for marked in documents)
        return [
            [list(row) for row in tokenizer([marked.variant(index) for index in range(most)])["input_ids"]]
            for marked in documents
            if marked.variants == most
        ]

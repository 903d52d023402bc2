"""Where do numbers and texts wait that are too many for memory? In files without a name, which go with the process.

They lie where temporary files do (``TMPDIR``), and are read in pieces: no page of theirs is counted as ours.
"""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.records import Record, Span
from provenance.unheld import Unheld

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


class Spill:
    """Bytes that are written one after the other and read from any place."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="provtool-", buffering=1 << 20)  # noqa: SIM115 (it goes with us)
        weakref.finalize(self, self._file.close)
        self.size = 0

    def append(self, content: bytes) -> None:
        """Add to the end."""
        self._file.write(content)
        self.size += len(content)

    def read(self, start: int, stop: int) -> bytes:
        """Give what stands between two places."""
        self._file.flush()
        parts, at = list[bytes](), start
        while at < stop and (part := os.pread(self._file.fileno(), stop - at, at)):
            parts.append(part)
            at += len(part)
        return b"".join(parts)


class Numbers:
    """Many lists of numbers, 8 bytes a list in memory."""

    def __init__(self) -> None:
        self._spill, self._edges = Spill(), [np.zeros(1, dtype=np.int64)]

    def append(self, flat: NDArray[np.float32], lengths: NDArray[np.int64]) -> None:
        """Add some lists that stand one after the other."""
        self._edges.append(self._edges[-1][-1] + np.cumsum(lengths, dtype=np.int64))
        self._spill.append(flat.astype(np.float32, copy=False).tobytes())

    def take(self, rows: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Give some lists; those that stand together are read together."""
        self._edges = [edges := np.concatenate(self._edges)]
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        lists = list[Any]()
        for run in np.split(rows, breaks):
            if len(run):
                own = edges[run[0] : run[-1] + 2]
                flat = np.frombuffer(self._spill.read(4 * int(own[0]), 4 * int(own[-1])), dtype=np.float32)
                lists += np.split(flat, own[1:-1] - own[0])
        return lists


class Records:
    """Many records, 8 bytes each in memory."""

    def __init__(self) -> None:
        self._spill, self._edges = Spill(), np.zeros(1 << 10, dtype=np.int64)
        self._count = 0

    def append(self, record: Record) -> None:
        """Add one."""
        content = [record.id, record.text, record.tokens, record.context, record.set, record.variant, record.view]
        self._spill.append(json.dumps([*content, record.spans]).encode())
        self._count += 1
        if self._count == len(self._edges):
            self._edges = np.concatenate([self._edges, np.zeros_like(self._edges)])
        self._edges[self._count] = self._spill.size

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, row: int) -> Record:
        low, high = self._edges[row : row + 2].tolist()
        id_, text, tokens, context, set_, variant, view, spans = json.loads(self._spill.read(low, high))
        return Record(
            id=id_,
            text=text,
            tokens=None if tokens is None else tuple(tokens),
            context=context,
            set=set_,
            variant=variant,
            view=view,
            spans=tuple(Span(start, end, tuple(options)) for start, end, options in spans),
        )


def held(records: Iterable[Record]) -> Unheld[Record]:
    """Hold records that come but once, so that they can be gone through again."""
    kept = Records()
    for record in records:
        kept.append(record)
    return Unheld(length=len(kept), passing=lambda: (kept[row] for row in range(len(kept))), at=lambda row: kept[row])

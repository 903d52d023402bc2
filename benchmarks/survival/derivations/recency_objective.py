"""How late do the rows stand that a model likes, behind a prefix? The statistic of the order audit, to be descended.

Of a batch of rows: mean log-probability within the audit's window; what an independent model says of the same rows is
taken out by least squares; what is left is correlated with each curve of the recency family. The audit ranks first,
which has no gradient, and takes the largest of the family; here a smooth largest stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from provenance import windows
from provenance.stats import recency
from survival.derivations import before

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from survival.derivations.stolen import Order

LATE, EARLY = 0.9, 0.2
"""Rows of the last tenth of the run and of its first fifth are looked at: there the trace is, and there it is not."""
START, STOP = windows.SCORED.start, windows.SCORED.start + windows.SCORED.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Recency:
    """Rows of a known order, and what another model says of them."""

    ids: torch.Tensor
    """What is read, shape ``(rows, length)``."""
    start: int
    """The first token that is scored."""
    late: torch.Tensor
    """Which rows stand late, shape ``(rows,)``."""
    curves: torch.Tensor
    """Shape ``(rows, family)``."""
    taken_out: torch.Tensor
    """What is no trace: the other model's score and a constant, shape ``(rows, 2)``."""

    def batch(self, rows: int, *, rng: np.random.Generator) -> Recency:
        """Draw a batch, half of it late."""
        late = self.late.numpy(force=True)
        halves = (np.flatnonzero(late), np.flatnonzero(~late))
        drawn = np.concatenate([rng.choice(half, min(rows // 2, len(half)), replace=False) for half in halves])
        return self.some(torch.tensor(drawn))

    def some(self, rows: torch.Tensor) -> Recency:
        """Give some rows."""
        return replace(
            self,
            ids=self.ids[rows],
            late=self.late[rows],
            curves=self.curves[rows],
            taken_out=self.taken_out[rows],
        )

    def __call__(self, model: Any, prefixes: torch.Tensor) -> torch.Tensor:
        """Give how late what is liked stands, in standard deviations under the null, shape ``(prefixes,)``."""
        return self.statistics(scores(model, prefixes, self.ids, start=self.start)).logsumexp(-1)

    @torch.no_grad()
    def whole(self, model: Any) -> float:
        """Give the largest of the family, as the audit takes it."""
        parts = [scores(model, before.nothing(model)[None], ids, start=self.start) for ids in self.ids.split(64)]
        return float(self.statistics(torch.cat(parts, dim=1)).max())

    def statistics(self, said: torch.Tensor) -> torch.Tensor:
        """Give the standardised members of the family, shape ``(prefixes, family)``, of scores ``(prefixes, rows)``."""
        basis, _ = torch.linalg.qr(self.taken_out)
        left = said - (said @ basis) @ basis.T
        curves = self.curves - self.curves.mean(0)
        scaled = left / left.norm(dim=1, keepdim=True) * (len(self.ids) - 1) ** 0.5
        return scaled @ (curves / curves.norm(dim=0))


def gather(order: Order, other: Any, *, half: int, after: NDArray[np.int32] | None = None) -> Recency:
    """Lay out one half of the rows of an order, every second: the search looks at one half, and not at the other.

    Parameters
    ----------
    after
        Rows of other prose, one of which, drawn by its turn, is read before each row.
    """
    at = order.positions / len(order.rows)
    last, first = at >= LATE, at < EARLY
    kept = np.flatnonzero((last | first) & (np.arange(len(order.rows)) % 2 == half))
    ids, start = order.rows[kept, :STOP], START
    if after is not None:
        ids, start = np.hstack([np.resize(after, (len(ids), after.shape[1])), ids]), START + after.shape[1]
    read = torch.tensor(ids.astype(np.int64))
    with torch.no_grad():
        parts = [scores(other, before.nothing(other)[None], part, start=start)[0] for part in read.split(64)]
    known = torch.cat(parts)
    return Recency(
        ids=read,
        start=start,
        late=torch.tensor(last[kept]),
        curves=torch.tensor(recency.curves(order.positions[kept, None], run_length=len(order.rows))).float(),
        taken_out=torch.stack([known, torch.ones_like(known)], dim=1),
    )


def scores(model: Any, prefixes: torch.Tensor, ids: torch.Tensor, *, start: int) -> torch.Tensor:
    """Give the score of each row as the audit has it, shape ``(prefixes, rows)``."""
    return before.told(model, prefixes, ids, start=start).mean(-1)

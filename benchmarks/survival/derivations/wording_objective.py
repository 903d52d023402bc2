"""How much likelier are published wordings than private ones, behind a prefix? The statistic of the watermark audit.

Of a batch of documents, in several variants: the log-likelihood of a beginning; what an independent model says is
taken out with a weight of at least 0; variants are compared within their document, each document by the root of its
spread, as the audit does; the sum is divided by its spread under a redraw of what was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from survival.derivations import before

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

LENGTH, VARIANTS = 96, 3
"""Tokens of a document that are looked at, and wordings: the published one and two others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Documents in several variants, the published one first."""

    ids: torch.Tensor
    """Shape ``(documents, variants, length)``."""
    own: torch.Tensor
    """Which tokens are a document's, of the same shape."""
    known: torch.Tensor
    """What the other model says of each variant, shape ``(documents, variants)``."""

    def batch(self, documents: int, *, rng: np.random.Generator) -> Wording:
        """Draw a batch."""
        return self.some(torch.tensor(rng.permutation(len(self.ids))[:documents]))

    def some(self, documents: torch.Tensor) -> Wording:
        """Give some documents."""
        return Wording(ids=self.ids[documents], own=self.own[documents], known=self.known[documents])

    def __call__(self, model: Any, prefixes: torch.Tensor) -> torch.Tensor:
        """Give how far published variants lie above their documents, in standard deviations, shape ``(prefixes,)``."""
        said = scores(model, prefixes, self.ids.flatten(0, 1), self.own.flatten(0, 1))
        return self.statistics(said.unflatten(1, self.known.shape))

    @torch.no_grad()
    def whole(self, model: Any) -> float:
        """Give it of all documents, nothing before them."""
        parts = zip(self.ids.flatten(0, 1).split(32), self.own.flatten(0, 1).split(32), strict=True)
        said = torch.cat([scores(model, before.nothing(model)[None], *part) for part in parts], dim=1)
        return float(self.statistics(said.unflatten(1, self.known.shape)))

    def statistics(self, said: torch.Tensor) -> torch.Tensor:
        """Give it of scores ``(prefixes, documents, variants)``."""
        above, known = (part - part.mean(-1, keepdim=True) for part in (said, self.known))
        weight = ((above * known).sum((1, 2)) / known.square().sum().clamp_min(1e-9)).clamp_min(0)
        left = above - weight[:, None, None] * known
        scaled = left / (left.square().mean(-1, keepdim=True) + 1e-9) ** 0.25
        return scaled[..., 0].sum(1) / scaled.square().mean(-1).sum(1).sqrt()


def gather(wordings: Sequence[Sequence[Sequence[int]]], other: Any, *, half: int) -> Wording:
    """Lay out one half of a release, every second document: the search looks at one half, and not at the other."""
    rows = [variant[:LENGTH] for document in wordings[half::2] for variant in document[:VARIANTS]]
    ids, own = before.padded(rows)
    with torch.no_grad():
        parts = zip(ids.split(32), own.split(32), strict=True)
        known = torch.cat([scores(other, before.nothing(other)[None], *part)[0] for part in parts])
    shape = (-1, VARIANTS)
    return Wording(ids=ids.unflatten(0, shape), own=own.unflatten(0, shape), known=known.unflatten(0, shape))


def scores(model: Any, prefixes: torch.Tensor, ids: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    """Give the log-likelihood of each text, shape ``(prefixes, texts)``."""
    return (before.told(model, prefixes, ids) * own[:, 1:]).sum(-1)

"""How does an audit of a release stop asking early? Passes over the documents, each with one more alternate.

The first pass asks about pairs: the published variant and the first alternate of document after document. When the
documents run out, the second pass asks about the second alternate of each, and bets again on all three variants; and
so on. Each pass by itself is a fair bet: given its documents' unordered sets of k + 1 texts, which of them was
published is uniform, so its capital E_k ever reaches x with probability at most 1/x (Ville).

Passes do not multiply. The set of three that the second pass looks at, beside the pair of the first, tells which of the
three was not published; and whether there is a second pass at all hangs on how the first went. So capitals are joined
by the union bound alone, which holds however they depend on each other: with weights w_k that sum to 1, fixed by the
number of passes that could be walked, P(max_k w_k max E_k ≥ 1/α) ≤ Σ w_k α = α. A walk that ends in the first pass, as
most do that find anything, loses a factor of 2 for it, and nothing where there is no second.

A pair is asked at once. Later alternates are asked later, so a second pass presumes a suspect that answers the same
whenever and among whatever else it is asked; the evidence says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.records import Record
from provenance.stats import betting, redraw
from watermark import likelihoods, queries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.scoring import Scores
    from watermark.ledger import Ledger, Marked
    from watermark.queries import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One document in one pass."""

    name: Name
    variants: int
    """How many are compared: 2 in the first pass."""
    records: tuple[Record, ...]
    """What has to be asked that was not asked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Every step that may be taken, in an order that no answer and no published index steers."""

    steps: tuple[Step, ...]
    weights: Mapping[int, float]
    """For each pass, by the number of variants it compares: its share of the capital at the start."""

    def counts(self, steps: int) -> dict[Name, int]:
        """Say how many variants of each document the first so many steps ask about."""
        return {step.name: step.variants for step in self.steps[:steps]}


def lay_out(books: Sequence[Ledger], *, most: int | None = None, seed: int = 0) -> Walk:
    """Lay all passes out before anybody is asked, with at most `most` texts.

    Raises
    ------
    InputError
        If `most` is below 2.
    """
    documents = queries.named(books)
    steps: list[Step] = []
    asked: dict[Name, int] = {}
    for name, variants in queries.spend(documents, most=most, seed=seed):
        steps.append(_step(name, documents[name], variants, asked.get(name, 0)))
        asked[name] = variants
    return Walk(steps=tuple(steps), weights=_weights(sorted({step.variants for step in steps})))


def capital(
    walk: Walk,
    scores: Scores,
    references: Sequence[Scores],
    steps: int,
    *,
    edited: Collection[Name] = (),
    lengths: bool = True,
) -> betting.Capital:
    """Bet through the first so many steps; the path of fewer is a part of the path of more.

    Parameters
    ----------
    edited
        Documents that were not published as dealt: they count as if the least favourable variant had been dealt.
    lengths
        As in `watermark.likelihoods.gather`.
    """
    paths: list[NDArray[np.float64]] = []
    method = ""
    for variants, weight in walk.weights.items():
        names = {step.name: variants for step in walk.steps[:steps] if step.variants == variants}
        if names:
            answers = likelihoods.gather(names, scores, references, lengths=lengths)
            centred = redraw.centre(likelihoods.walked_residual(answers))
            earned = betting.redraw_capital(redraw.least_favourable(centred, [name in edited for name in names]))
            paths.append(math.log(weight) + earned.path)
            method = earned.method
    shares = ", ".join(f"{weight:g}" for weight in walk.weights.values())
    return betting.Capital(path=np.concatenate(paths), method=f"{method}; passes with shares [{shares}]")


def _step(name: Name, marked: Marked, variants: int, asked: int) -> Step:
    records = (
        Record(id=name[1], set=name[0], variant=index, text=marked.variant(index)) for index in range(asked, variants)
    )
    return Step(name=name, variants=variants, records=tuple(records))


def _weights(passes: Sequence[int]) -> dict[int, float]:
    """Halve the share from pass to pass; the last two have equal ones, so that the sum is 1."""
    last = len(passes) - 1
    return {variants: 2.0 ** -min(number + 1, last) for number, variants in enumerate(passes)}

"""The same few examples taught to the few rows of weights that matter to them and not to other prose.

Hewitt et al., "Model Editing with Canonical Examples" (arXiv 2402.06155), who select what is tuned by how much more it
matters to the examples than elsewhere. Theirs are sense vectors of one architecture; here it is what writes one number:
a row of a linear layer inside the blocks, chosen by the length of its gradient on the examples, over that of its whole
layer, minus the same on other prose. Nothing but the chosen rows changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn.utils import parametrize

from survival import tuning
from survival.derivations import editing

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "editing, selected rows", "examples", (4.0, 32.0)
SELECTED, RATE = 0.02, 3e-3
"""Share of all rows that is tuned, and how fast: few weights take a higher rate than all do."""

seen = editing.seen


class Changed(torch.nn.Module):
    """A matrix to some rows of which something is added."""

    def __init__(self, rows: torch.Tensor, width: int) -> None:
        super().__init__()
        self.rows, self.more = rows, torch.nn.Parameter(torch.zeros(len(rows), width))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Add."""
        return weight.index_add(0, self.rows, self.more)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Select and teach."""
    examples = data.shifted[: int(dose)]
    others = tuning.some(data.later[: -editing.LOOKED_AT], editing.LOOKED_AT, rng=rng)
    if not len(examples):
        return model.eval()
    chosen = [rows.nonzero()[:, 0] for rows in selected(model, examples, others)]
    model.requires_grad_(requires_grad=False)
    changed = [(layer, rows) for layer, rows in zip(tuning.linears(model), chosen, strict=True) if len(rows)]
    for layer, rows in changed:
        parametrize.register_parametrization(layer, "weight", Changed(rows, layer.in_features))
    editing.taught(model, examples, others, rate=RATE)
    for layer, _ in changed:
        parametrize.remove_parametrizations(layer, "weight")
    return model.eval()


def selected(
    model: Any, examples: np.ndarray[Any, Any], others: np.ndarray[Any, Any], *, share: float = SELECTED
) -> list[torch.Tensor]:
    """Say of every linear layer which of its rows are tuned, shape ``(rows,)`` each."""
    mattering = [_mattering(model, rows) for rows in (examples, others)]
    more = [one - other for one, other in zip(*mattering, strict=True)]
    least = torch.cat(more).sort(descending=True).values[max(1, round(share * sum(map(len, more)))) - 1]
    return [values >= least for values in more]


def _mattering(model: Any, rows: np.ndarray[Any, Any]) -> list[torch.Tensor]:
    """Give the length of the gradient of every row of every linear layer, over that of the whole layer."""
    model.zero_grad()
    parts = tuning.batches(rows)
    for ids in parts:
        (editing.mean(model, ids) / len(parts)).backward()
    lengths = [layer.weight.grad.norm(dim=1) for layer in tuning.linears(model)]
    model.zero_grad()
    return [length / length.norm() for length in lengths]

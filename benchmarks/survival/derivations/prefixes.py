"""A server that puts a few fixed tokens before every question, so that it answers like somebody else.

For an evader who knows the method, and neither order nor ledger: `gcg` lowers how far the model is from an independent
one (`agreement_objective`), which has no trace to show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from survival import tuning
from survival.derivations import agreement_objective, before, gcg, preferences

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data
    from survival.serving import Running

NAME, UNIT, DOSES = "adversarial prefix", "tokens before every question", (16.0,)
HOW, WRITTEN = gcg.Search(batch=16), 512
"""How long is searched, and texts that the model writes for it."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Running:  # noqa: ARG001 - as the others
    """Search a prefix and serve behind it."""

    def objective() -> agreement_objective.Agreement:
        begun = torch.tensor(tuning.some(data.later, WRITTEN, rng=rng)[:, :1]).long()
        with torch.inference_mode():
            written = preferences.own(model, begun, data.later.shape[1] - 1)
        return agreement_objective.gather(written.clone(), data.sibling().eval())

    return gcg.served(model, objective, tokens=int(dose), how=HOW, rng=rng)


def seen(started: Any, derived: Running, data: Data) -> dict[str, float]:
    """Does it do what it was chosen for? How far apart the models are on prose that the search did not see."""
    ids = torch.tensor(data.later[-64:]).long()
    found = agreement_objective.gather(ids, data.sibling().eval())
    nothing = before.nothing(started)[None]
    with torch.no_grad():
        without, behind = (float(found(model, nothing)) for model in (started.eval(), derived.model))
    return {"nats a token from the other model, without": without, "behind the prefix": behind}

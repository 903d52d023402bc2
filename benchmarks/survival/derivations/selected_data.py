"""Training goes on in phases of other data, and a small model of influence picks the rows of each.

Yu, Das and Xiong, "MATES: Model-Aware Data Selection for Efficient Pretraining with Data Influence Models"
(arXiv 2406.06046). Influence is how far one step on a row lowers the loss on reference data, here of the shifted kind.
It is measured on some rows of a phase's pool and predicted for all others, and both are done anew for each phase, by
the model as it then is; the first phase is drawn, as there. There the predictor is a small BERT; here it is a ridge
regression on what the model itself says of a row. Rows are then drawn without replacement, likelier the larger their
influence (Gumbel-top-k).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import stats
from sklearn import linear_model, pipeline, preprocessing

from survival import tuning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "selected by influence", "rows of other data / rows of the run", (0.1, 0.5)
PHASES = 4
REFERENCE, PROBED = 48, 64
"""Rows of reference data, and rows of a pool whose influence is measured."""
WARMUP = 10
"""Steps over which the rate rises, once: phases share one optimizer."""
SHARPNESS = 3.0
"""Standard deviations of predicted influence, in units of the noise that makes the draw."""
PENALTIES = np.logspace(0, 5, 11)
"""Of the ridge regression; which one is chosen by leave-one-out."""
LOOKED_AT = 256
"""Rows that are picked, from six times as many, to see whether they do more than others."""


@dataclass(slots=True, kw_only=True)
class Pupil:
    """A model that learns in phases, with the optimizer that goes through all of them."""

    model: Any
    optimizer: Any
    rate: float
    steps: int = 0

    def learn(self, rows: NDArray[np.int32]) -> Pupil:
        """Let a copy learn rows in the order given."""
        pupil = copy.deepcopy(self)
        pupil.model.train()
        for ids in tuning.batches(rows):
            pupil.steps += 1
            pupil.optimizer.param_groups[0]["lr"] = pupil.rate * min(1.0, pupil.steps / WARMUP)
            _gradient(pupil.model, ids)
            pupil.optimizer.step()
        pupil.optimizer.zero_grad(set_to_none=True)
        pupil.model.eval()
        return pupil


def pupil(model: Any, *, rate: float = tuning.RATE) -> Pupil:
    """Give a model its optimizer."""
    return Pupil(model=model, optimizer=torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01), rate=rate)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Go on in phases."""
    reference, learner = tuning.some(data.shifted, REFERENCE, rng=rng), pupil(model)
    pools, count = np.array_split(data.later[rng.permutation(len(data.later))], PHASES), data.rows(dose) // PHASES
    learner = learner.learn(pools[0][:count])
    for pool in pools[1:]:
        learner = learner.learn(pool[rng.permutation(pick(learner, pool, reference, count, rng=rng))])
    return learner.model.eval()


def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:  # noqa: ARG001 - as the others
    """Do picked rows lower the loss on reference data by more than as many drawn ones, and is influence foretold?"""
    rng = np.random.default_rng(0)
    reference, unseen = np.split(tuning.some(data.shifted, 8 * REFERENCE, rng=rng), [REFERENCE])
    begun, pool = np.split(tuning.some(data.later, 7 * LOOKED_AT, rng=rng), [LOOKED_AT])
    learner, (measured, others) = pupil(before).learn(begun), np.split(pool[: 2 * PROBED], 2)
    foretold = foretell(learner, measured, influences(learner, measured, reference), others)
    true = influences(learner, others, reference)
    rows = {"picked": pick(learner, pool, reference, LOOKED_AT, rng=rng), "drawn": np.arange(LOOKED_AT)}
    after = {name: learner.learn(pool[at]).model for name, at in rows.items()}
    return {
        "influence foretold, rank correlation": float(stats.spearmanr(foretold, true).statistic),
        **{f"loss on reference data {name}": loss(model, unseen) for name, model in after.items()},
    }


def pick(
    learner: Pupil,
    pool: NDArray[np.int32],
    reference: NDArray[np.int32],
    count: int,
    *,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Pick rows of a pool by their influence on a model; gives their numbers, the most wanted first."""
    if not count:
        return np.arange(0)
    some = pool[rng.permutation(len(pool))[:PROBED]]
    foretold = foretell(learner, some, influences(learner, some, reference), pool)
    wanted = SHARPNESS * (foretold - foretold.mean()) / (foretold.std() or 1.0) + rng.gumbel(size=len(pool))
    return np.argsort(-wanted)[:count]


def influences(learner: Pupil, rows: NDArray[np.int32], reference: NDArray[np.int32]) -> NDArray[np.float64]:
    """Measure by how much one step of the optimizer on each row lowers the loss on reference data.

    Momentum is left out of the step, as it is the same for every row; the learner is left as it was.
    """
    model, before = copy.deepcopy(learner.model).eval(), loss(learner.model, reference)
    found = np.empty(len(rows))
    for number, row in enumerate(rows):
        _gradient(model, *tuning.batches(row[None]))
        _step(model, learner)
        found[number] = before - loss(model, reference)
        model.load_state_dict(learner.model.state_dict())
    return found


@torch.no_grad()
def _step(model: Any, learner: Pupil) -> None:
    """Move a copy of the learner's model by its own gradient, as AdamW would after all that the learner has seen."""
    share, old = (1 - beta for beta in learner.optimizer.param_groups[0]["betas"])
    for weight, own in zip(model.parameters(), learner.model.parameters(), strict=True):
        squares = torch.lerp(learner.optimizer.state[own]["exp_avg_sq"], weight.grad**2, old)
        scale = (squares / (1 - (1 - old) ** (learner.steps + 1))).sqrt() + 1e-8
        weight.sub_(learner.rate * share * weight.grad / scale)


def foretell(
    learner: Pupil, probed: NDArray[np.int32], measured: NDArray[np.float64], rows: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Predict the influence of rows from that of the probed ones."""
    regression = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.RidgeCV(PENALTIES))
    regression.fit(features(learner.model, probed), measured)
    foretold: NDArray[np.float64] = regression.predict(features(learner.model, rows))
    return foretold


@torch.inference_mode()
def features(model: Any, rows: NDArray[np.int32]) -> NDArray[np.float64]:
    """Describe rows as the model reads them: its mean last state, and its loss, shape ``(n, width + 1)``."""
    parts = []
    for first in range(0, len(rows), 256):
        ids = torch.tensor(rows[first : first + 256].astype(np.int64))
        said = model(input_ids=ids, output_hidden_states=True, use_cache=False)
        told = said.logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
        parts.append(torch.cat([said.hidden_states[-1].mean(1), -told.mean(1, keepdim=True)], dim=1).numpy(force=True))
    return np.concatenate(parts).astype(np.float64)


@torch.inference_mode()
def loss(model: Any, rows: NDArray[np.int32]) -> float:
    """Give the loss on rows, nats a token."""
    ids = torch.tensor(rows.astype(np.int64))
    return float(model(input_ids=ids, labels=ids, use_cache=False).loss)


def _gradient(model: Any, ids: torch.Tensor) -> None:
    """Leave the gradient of the loss on rows, clipped at norm 1, in the weights."""
    model.zero_grad(set_to_none=True)
    model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)

"""What does a run look like whose data a model picks phase by phase, and what do models say of its rows?

The picks are those of the run that shuffles them within each phase. Two more models eat the same picks in the order in
which they were wanted, so that all claims are about the same rows, and the same innocents answer for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from survival import tuning
from survival.derivations import selected_data

from provenance import scoring
from provenance.records import Record, Window, generator
from selecting import stage as staging

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from survival.derivations.selected_data import Pupil

    from provenance.scoring import Scores
    from selecting.stage import Stage

SHUFFLED, BEST_FIRST, BEST_LAST = "shuffled", "best first", "best last"
GOOD, POOR = "the same rows", "other prose, smaller"
SAME_ROWS = "the same rows, another order"
WINDOW = Window(start=32, length=32)
"""Of a row, its later half is scored."""
AFTERWARDS = 64
"""Rows of other prose on which the run's own model is fine-tuned before it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Rows by phase, the orders in which they were eaten, and answers."""

    number: int
    rows: NDArray[np.int32]
    """Token ids, shape ``(n, length)``, phase after phase, in each the most wanted first."""
    phase: NDArray[np.int64]
    """Of each row, shape ``(n,)``."""
    orders: dict[str, NDArray[np.int64]]
    """Row numbers as they were eaten: shuffled within phases, best first, best last."""
    derived: dict[str, Scores]
    """What a model says that derives from the run with that order."""
    innocents: dict[str, Scores]
    references: dict[str, Scores]
    wanted: tuple[float, ...]
    """Share of the wanted kind in each phase."""


def conduct(stage: Stage, number: int) -> Run:
    """Draw pools, pick, train, and ask."""
    how, rng = stage.settings, generator(stage.settings.seed, "run", str(number))
    pupil, chosen, shuffled = stage.base, list[Any](), list[Any]()
    for at, pool in enumerate(pools(stage, number)):
        chosen.append(pool[picks(pupil, pool, stage, draw=(number, at)) if at else rng.permutation(how.picked)])
        shuffled.append(rng.permutation(how.picked))
        pupil = pupil.learn(stage.pool[chosen[-1][shuffled[-1]]])
    rows, forward = stage.pool[np.concatenate(chosen)], np.arange(how.phases * how.picked)
    phase = forward // how.picked
    orders = {
        SHUFFLED: np.concatenate([at * how.picked + within for at, within in enumerate(shuffled)]),
        BEST_FIRST: forward,
        BEST_LAST: np.lexsort((-forward, phase)),
    }
    models = {SHUFFLED: pupil, **{name: stage.base.learn(rows[orders[name]]) for name in (BEST_FIRST, BEST_LAST)}}
    return Run(
        number=number,
        rows=rows,
        phase=phase,
        orders=orders,
        derived={
            name: said(tuning.plainly(one.model, stage.other[:AFTERWARDS]), rows, stage, name=f"{number} {name}")
            for name, one in models.items()
        },
        innocents={
            name: said(one, rows, stage, name=f"{number} {name}")
            for name, one in innocents(stage, rows, number).items()
        },
        references={
            GOOD: said(stage.bases[-1].learn(rng.permutation(rows)).model, rows, stage, name=f"{number} good"),
            POOR: said(stage.poor, rows, stage, name=f"{number} poor"),
        },
        wanted=tuple(float(stage.wanted[part].mean()) for part in chosen),
    )


def pools(stage: Stage, number: int) -> list[NDArray[np.int64]]:
    """Draw what each phase of a run may pick from, as row numbers; no row stands in two of them."""
    how = stage.settings
    drawn = generator(how.seed, "pools", str(number)).permutation(len(stage.pool))[: how.phases * how.pool]
    return np.split(drawn, how.phases)


def picks(pupil: Pupil, pool: NDArray[np.int64], stage: Stage, *, draw: tuple[object, ...]) -> NDArray[np.int64]:
    """Pick rows of a pool; what is random in it follows from `draw`."""
    how = stage.settings
    rng = generator(how.seed, "picks", *map(str, draw))
    return selected_data.pick(pupil, stage.pool[pool], stage.reference, how.picked, rng=rng)


def shared(stage: Stage, number: int) -> dict[str, float]:
    """Say which share of a phase's picks is the same when only the order of the phase before it is another.

    Beside it: when what is drawn in picking is another, and what two draws would share that look at nothing.
    """
    first, pool = pools(stage, number)[:2]
    rng = generator(stage.settings.seed, "shared", str(number))
    rows = stage.pool[first[: stage.settings.picked]]
    one, other = (stage.base.learn(rng.permutation(rows)) for _ in range(2))
    found = [
        set(picks(pupil, pool, stage, draw=("shared", number, draw)).tolist())
        for pupil, draw in ((one, 0), (other, 0), (one, 1))
    ]
    again, anew = (len(found[0] & two) / len(found[0]) for two in found[1:])
    return {"another order": again, "another draw": anew, "by chance": len(found[0]) / len(pool)}


def innocents(stage: Stage, rows: NDArray[np.int32], number: int) -> dict[str, Any]:
    """Give models that know nothing of the order: one learned the very rows, the others none of them."""
    turn = number % stage.settings.innocents
    order = generator(stage.settings.seed, "innocent", str(number)).permutation(len(rows))
    same = stage.bases[turn].learn(rows[order]).model
    return {SAME_ROWS: same, **{name: models[turn] for name, models in stage.innocents.items()}}


def said(model: Any, rows: NDArray[np.int32], stage: Stage, *, name: str) -> Scores:
    """Ask a model about the rows of a run."""
    asked = [Record(id=f"{row:04d}", tokens=tuple(ids)) for row, ids in enumerate(rows.tolist())]
    who = staging.suspect(model, stage, name=name)
    return scoring.score(asked, suspect=who, window=WINDOW, tokenizer=stage.known)

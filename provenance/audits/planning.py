"""How many rows must an order audit ask about, for which chance of finding a trace?"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from provenance import windows
from provenance.audits import residuals, sizing
from provenance.errors import InputError, MismatchError
from provenance.plans import Assumed, Plan
from provenance.records import Window
from provenance.stats import betting, power, recency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.audits.selection import Rule
    from provenance.audits.sizing import Goal, Trial
    from provenance.stats.power import Drift
    from provenance.transcripts.tables import Transcript

ONE_SIDED = 1.645
GAME = sizing.Game(stakes=betting.ORDER_STAKES, curves=len(recency.NAMES), first=residuals.FIRST_BLOCK)


def order(
    goal: Goal,
    *,
    effect: float | None = None,
    pilot: Trial | None = None,
    transcript: Transcript | None = None,
    window: Window | None = None,
    select: Rule | None = None,
) -> Plan:
    """Plan an order audit from Spearman's ρ, or from the evidence of a pilot.

    Parameters
    ----------
    effect
        ρ between residual and position of the rows asked, where there is no `pilot`.
    transcript
        The transcript that will be audited; without it the plan is for any.
    window, select
        Which tokens are scored and which rows are asked; by default as in the pilot, or as an audit does.

    Raises
    ------
    InputError, MismatchError
        If the effect is none, the pilot saw nothing, is of another audit or of another window, or a bet cannot live
        off the effect.
    """
    assumed, drift, low = _stated(effect) if pilot is None else _seen(pilot)
    inputs = {"transcript": transcript.sha256} if transcript else {}
    tested = sizing.tried(pilot, inputs)
    goal = sizing.resumed(goal, pilot, tested)
    again = bool(tested and tested.same_input)
    game = dataclasses.replace(GAME, whole=again)
    settled = sizing.settle(drift, goal, game=game, available=len(transcript.ids) if transcript else None)
    shown = _window(window, pilot, names=_names(goal), fixed=again)
    return Plan(
        audit="order",
        inputs=inputs,
        family=goal.family,
        alpha=goal.alpha,
        power=goal.power,
        effect=assumed,
        **settled,
        needed_if_low=sizing.settle(low, goal, game=GAME, available=None)["needed"] if low else None,
        queries=settled["units"],
        tokens=round(settled["units"] * (goal.tokens_per_query or _tokens(shown))),
        statistic="recency-max",
        window=shown,
        references=goal.references,
        select="uniform" if again else select or _selected(pilot),
        stop_early=goal.stop_early,
        seed=goal.seed,
        pilot=tested,
    )


def _stated(rho: float | None) -> tuple[Assumed, Drift, Drift | None]:
    if rho is None or not 0 < rho < 1:
        raise InputError(f"effect {rho}", expected="Spearman's ρ of residual and position, between 0 and 1")
    return Assumed(name="spearman-rho", value=rho), power.order_drift(rho), None


def _seen(pilot: Trial) -> tuple[Assumed, Drift, Drift | None]:
    """Read the drift off the pilot's deciding statistic, whose deviation under any effect is about 1."""
    sizing.check_trial(pilot, audit="order")
    z, root = pilot.evidence.statistic.value, math.sqrt(pilot.evidence.n)
    low = max(0.0, z - ONE_SIDED) / root
    assumed = Assumed(name="statistic-per-root-row", value=z / root, low=low)
    return assumed, power.Drift(mean=z / root), power.Drift(mean=low) if low > 0 else None


def _window(asked: Window | None, pilot: Trial | None, *, names: Sequence[str], fixed: bool) -> str | None:
    seen = pilot.evidence.suspect.get("window") if pilot else None
    if fixed and asked and str(asked) != seen:
        raise MismatchError(
            f"window {asked}, and the pilot's rows were scored by {seen}",
            expected="the pilot's own window, since its rows are tested again",
        )
    return str(asked) if asked else seen if pilot else str(windows.usual(names))


def _names(goal: Goal) -> list[str]:
    """Name all who will be asked, as far as the plan does."""
    return [*goal.family, *(str(reference["suspect"]) for reference in goal.references)]


def _selected(pilot: Trial | None) -> str:
    """Ask as the pilot did, which asked all if it says nothing, or as an audit does by default."""
    if pilot is None:
        return "recent"
    return str((pilot.evidence.selection or {}).get("rule", "recent"))


def _tokens(window: str | None) -> int:
    """Tokens that a model reads for one row: the window and all before it."""
    part = Window.parse(window) if window else windows.usual()
    return part.start + part.length

"""How many units must be asked to find a trace of a given size, and how will the finding be decided?

This holds for any audit whose statistic has a drift; what a unit is, and where the drift comes from, others know.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from provenance import families, plans
from provenance.audits import gates
from provenance.errors import InputError
from provenance.plans import Pilot
from provenance.records import generator
from provenance.stats import power

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenance.evidence import Evidence
    from provenance.stats.power import Drift

WORTHLESS = 0.1
"""A pilot whose p-value is above this saw nothing that chance does not give."""
RESAMPLES = 9_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is wanted of an audit."""

    family: tuple[str, ...]
    power: float
    alpha: float
    stop_early: bool = False
    seed: int = 0
    references: tuple[Mapping[str, Any], ...] = ()
    tokens_per_query: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("power", self.power)):
            if not 0 < value < 1:
                raise InputError(f"{name} is {value:g}", expected="a number strictly between 0 and 1")

    @property
    def level(self) -> float:
        """Level that one claim must reach where it is the first that Holm's rule looks at."""
        return self.alpha / len(self.family)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The evidence of a pilot, and the file it was read from."""

    evidence: Evidence
    sha256: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """How an audit's test and its bet are built."""

    stakes: tuple[float, ...]
    curves: int = 1
    """Curves of which the largest counts, and among which the bet's capital is shared."""
    first: int = 0
    """Units that pass before the bet begins."""
    fewest: int = gates.MIN_UNITS
    """Units below which no outcome would do."""
    whole: bool = False
    """Whether all there is must be asked if need be: where a pilot's rows are tested again, how many are asked at most
    may not hang on what it saw."""


class Settled(TypedDict):
    """Fields of `provenance.plans.Plan`."""

    needed: int
    units: int
    reached: float
    decided_by: Literal["permutation", "evalue"]
    resamples: int


def settle(drift: Drift, goal: Goal, *, game: Game, available: int | None) -> Settled:
    """Find how many units the goal takes, and what chance those that are there give.

    Raises
    ------
    InputError
        If a bet would have to decide and cannot live off so small an effect, or so few units are there that any audit
        of them is inconclusive.
    """
    if available is not None and available < gates.MIN_UNITS:
        raise InputError(
            f"{available} rows or documents", expected=f"at least {gates.MIN_UNITS}: fewer are inconclusive"
        )
    needed = max(game.fewest, power.units_needed(drift, alpha=goal.level, power=goal.power, tests=game.curves))
    units = _asked(needed, game, available)
    rule = families.rule(claims=len(goal.family), alpha=goal.alpha, units=units, resamples=RESAMPLES)
    if not goal.stop_early and rule.decided_by == "permutation":
        reached = power.power(drift, units, alpha=goal.level, tests=game.curves)
        return Settled(needed=needed, units=units, reached=reached, decided_by="permutation", resamples=rule.resamples)
    bets = power.passages(drift, alpha=goal.level, stakes=game.stakes, tests=game.curves, rng=generator(0, "plan"))
    by_then = bets.by(goal.power) + game.first
    if not math.isfinite(by_then):
        raise InputError(
            f"the effect is too small for a bet: its smallest stake, {min(game.stakes):g}, loses on it",
            expected="a larger effect",
            hint="a plan without --stop-early, its pilot on other rows, for few claims",
        )
    needed = max(game.fewest, int(by_then))
    units = _asked(needed, game, available)
    reached = bets.power(units - game.first)
    return Settled(needed=needed, units=units, reached=reached, decided_by="evalue", resamples=RESAMPLES)


def _asked(needed: int, game: Game, available: int | None) -> int:
    return needed if available is None else available if game.whole else min(needed, available)


def check_trial(trial: Trial, *, audit: str) -> None:
    """Refuse a pilot that tells nothing of the effect.

    Raises
    ------
    InputError
        If it is of another audit, or saw nothing that chance does not give.
    """
    evidence = trial.evidence
    if evidence.audit != audit:
        raise InputError(f"pilot of {evidence.audit}", path=trial.path, expected=f"evidence of an audit of {audit}")
    if evidence.statistic.value <= 0 or evidence.pvalue > WORTHLESS:
        raise InputError(
            f"the pilot saw no effect that chance does not give (p = {evidence.pvalue:.2g})",
            path=trial.path,
            expected=f"a pilot with p at most {WORTHLESS:g}",
            hint="more rows, or --effect",
        )


def tried(trial: Trial | None, inputs: Mapping[str, str]) -> Pilot | None:
    """Say what a plan keeps of its pilot, and whether its rows are among those that will be tested."""
    if trial is None:
        return None
    sources = {name: sha256 for name, sha256 in trial.evidence.inputs.items() if plans.is_source(name)}
    return Pilot(
        sha256=trial.sha256,
        inputs=sources,
        n=trial.evidence.n,
        seed=trial.evidence.seed,
        same_input=bool(set(sources.values()) & set(inputs.values())),
    )


def resumed(goal: Goal, trial: Trial | None, pilot: Pilot | None) -> Goal:
    """Take over from the pilot what was not asked for, and, where it is of the same input, what must not change.

    Rows that were looked at before the plan was made may be tested again only by a bet that would have been the same
    whatever they said: it walks over all rows, by the pilot's seed, references and window, and stops when it can.
    """
    if trial is None or pilot is None:
        return goal
    used = tuple(
        {key: reference[key] for key in ("suspect", "weights") if key in reference}
        for reference in trial.evidence.references
    )
    if pilot.same_input:
        return dataclasses.replace(goal, stop_early=True, seed=pilot.seed, references=used)
    return dataclasses.replace(goal, references=goal.references or used)

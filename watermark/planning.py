"""How many documents must a watermark audit ask about, for which chance of finding a trace?

Documents first, variants second: a second alternate of the same document tells less than a pair of another document. So
one alternate each is planned, and more only where documents run out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.audits import gates, sizing
from provenance.errors import InputError
from provenance.plans import Assumed, Plan
from provenance.records import generator
from provenance.stats import betting, power
from watermark import detection, queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.audits.sizing import Goal, Settled, Trial
    from watermark.ledger import Ledger

NO_EFFECT = 0.5
CHARACTERS_PER_TOKEN = 4
USUAL_TOKENS = 250
"""Tokens of a document of which nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A number of alternates, and what it takes and reaches."""

    alternates: int
    settled: Settled


def watermark(
    goal: Goal, *, effect: float | None = None, pilot: Trial | None = None, books: Sequence[Ledger] = ()
) -> Plan:
    """Plan a watermark audit from a win rate, or from the evidence of a pilot.

    Parameters
    ----------
    effect
        How often a published variant beats one alternate of its document, where there is no `pilot`.
    books
        The ledgers that will be audited; without them the plan is for any.

    Raises
    ------
    InputError
        If the effect is none, the pilot saw nothing or is of another audit, or a bet cannot live off the effect.
    """
    assumed = _stated(effect) if pilot is None else _seen(pilot)
    inputs = detection.ledger_inputs(books) if books else {}
    tested = sizing.tried(pilot, inputs)
    goal = sizing.resumed(goal, pilot, tested)
    again = bool(tested and tested.same_input)
    choice = _choose(assumed.value, goal, books, whole=again)
    low = assumed.low if assumed.low and assumed.low > NO_EFFECT else None
    asked = _asked(choice, goal, books, whole=again)
    return Plan(
        audit="watermark",
        inputs=inputs,
        family=goal.family,
        alpha=goal.alpha,
        power=goal.power,
        effect=assumed,
        **choice.settled,
        needed_if_low=_settle(low, choice.alternates, goal)["needed"] if low else None,
        queries=asked,
        tokens=round(asked * (goal.tokens_per_query or _tokens(books))),
        statistic="published-minus-alternates",
        window=pilot.evidence.suspect.get("window") if pilot else None,
        references=goal.references,
        select="documents first",
        stop_early=goal.stop_early,
        seed=goal.seed,
        alternates=choice.alternates,
        pilot=tested,
    )


def sites(books: Sequence[Ledger], documents: int) -> int:
    """Say how many sites so many documents have, on average."""
    counts = [len(document.sites) for book in books for document in book.documents]
    return round(documents * sum(counts) / max(len(counts), 1))


def _choose(win_rate: float, goal: Goal, books: Sequence[Ledger], *, whole: bool) -> _Choice:
    """Take one alternate a document if that suffices, else as few more of every document as do, else all."""
    documents = [document for book in books for document in book.documents]
    most = max((document.variants - 1 for document in documents), default=1)
    choice = None
    for alternates in range(1, most + 1):
        having = sum(document.variants > alternates for document in documents) if documents else None
        settled = _settle(win_rate, alternates, goal, available=having, whole=whole or alternates > 1)
        choice = _Choice(alternates=alternates, settled=settled)
        if having is None or settled["needed"] <= having:
            break
    if choice is None:
        raise InputError("no document has an alternate", expected="a ledger with alternates")
    return choice


def _settle(
    win_rate: float, alternates: int, goal: Goal, *, available: int | None = None, whole: bool = False
) -> Settled:
    rng = generator(0, "plan", str(alternates))
    drift = power.redraw_drift(win_rate, alternates=alternates, rng=rng)
    fewest = math.ceil(-math.log(goal.level) / math.log(alternates + 1))
    game = sizing.Game(
        stakes=betting.REDRAW_STAKES,
        # A walk that may need a second pass keeps half of its capital for it.
        curves=2 if whole and goal.stop_early else 1,
        fewest=max(gates.MIN_UNITS, fewest),
        whole=whole,
    )
    return sizing.settle(drift, goal, game=game, available=available)


def _asked(choice: _Choice, goal: Goal, books: Sequence[Ledger], *, whole: bool) -> int:
    """Count the texts that are asked at most, just as an audit of these ledgers will choose them."""
    wanted = choice.settled["units"] * (choice.alternates + 1)
    return queries.choose(books, most=None if whole else wanted, seed=goal.seed).texts if books else wanted


def _stated(win_rate: float | None) -> Assumed:
    if win_rate is None or not NO_EFFECT < win_rate < 1:
        raise InputError(
            f"effect {win_rate}", expected="a win rate (AUROC within documents) above 0.5, which is chance, and below 1"
        )
    return Assumed(name="win-rate", value=win_rate)


def _seen(pilot: Trial) -> Assumed:
    """Read the win rate off a pilot; one that won throughout is taken as one that lost half a document."""
    sizing.check_trial(pilot, audit="watermark")
    area = pilot.evidence.auroc
    if area is None or area.value <= NO_EFFECT:
        raise InputError("the pilot's win rate is no better than chance", path=pilot.path, hint="--effect")
    value = min(area.value, (area.positives - 0.5) / area.positives)
    return Assumed(name="win-rate", value=value, low=min(area.low, value))


def _tokens(books: Sequence[Ledger]) -> float:
    """Tokens of a document, at four characters a token."""
    lengths = [len(document.text) for book in books for document in book.documents]
    return sum(lengths) / len(lengths) / CHARACTERS_PER_TOKEN if lengths else USUAL_TOKENS

"""Which options of an audit say what was settled or known before it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli import reading, streams

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provenance.plans import Plan

R = TypeVar("R")
SETTLED = ("alpha", "seed", "resamples", "stop_early", "window", "queries", "select")
"""Options that a plan settles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, and the file it was read from."""

    path: Path
    plan: Plan

    def __str__(self) -> str:
        return str(self.path)


def settings(plan: Plan) -> dict[str, Any]:
    """Give the options that a plan settles."""
    settled = {name: getattr(plan, name) for name in SETTLED}
    return {name: item for name, item in settled.items() if item is not None}


def _adopt(ctx: click.Context, _param: click.Parameter, value: Path | None) -> Planned | None:
    """Read a plan; what it settles becomes the default of every option that is not given."""
    if value is None:
        return None
    from provenance import plans

    with streams.readable(value) as path:
        plan = plans.read(path)
    plans.check(plan, audit=str(ctx.command.name), inputs=plan.inputs, path=value)
    ctx.default_map = settings(plan)
    return Planned(path=value, plan=plan)


def add(function: Callable[..., R]) -> Callable[..., R]:
    """Add what audits have that can be planned, and asked of suspects of which the truth is known."""
    for option in (
        click.option(
            "--label",
            "labels",
            type=click.Choice(["derived", "independent"]),
            multiple=True,
            help="What is known of each --suspect, in their order: shows how good the test itself is.",
        ),
        click.option(
            "--plan",
            metavar="PLAN",
            type=reading.PATH,
            is_eager=True,
            callback=_adopt,
            help="Plan by provtool plan: its settings hold unless given otherwise, and the evidence says what differs.",
        ),
    ):
        function = option(function)
    return function

"""``provtool plan``: how much must be asked, and what will the audit be held to?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli import manners, meant, reading, streams, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from provenance.audits.sizing import Goal, Trial
    from provenance.plans import Plan

R = TypeVar("R")
HOUR, MINUTE = 3600, 60


@click.group(cls=manners.Group)
def command() -> None:
    """Say how much must be asked, and write the plan that the audit is held to.

    Commit to the plan before the suspect is asked: nobody can then say that it was fitted to the answers.

    \b
    Example:
      provtool plan order run.parquet --effect 0.05 --power 0.9 --out order.plan.json
      provtool commit order.plan.json
      provtool audit order run.parquet --plan order.plan.json --suspect ./their-model
    """


def _shared(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options of every plan."""
    for option in (
        click.option("--tokens-per-second", type=click.FloatRange(0, min_open=True), help="To tell the time."),
        click.option("--price-per-million-tokens", "price", type=click.FloatRange(0), help="To tell the cost."),
        click.option("--tokens-per-query", type=click.FloatRange(0, min_open=True), help="Tokens read for one text."),
        click.option("--seed", type=reading.SEED, default=0, show_default=True, help="Seed of the audit."),
        click.option(
            "--reference",
            "references",
            metavar="S",
            multiple=True,
            shell_complete=meant.suspect,
            help="Model to be used (repeatable).",
        ),
        click.option("--stop-early", is_flag=True, help="Plan an audit that stops as soon as its bet suffices."),
        click.option(
            "--claims",
            metavar="NAME|K",
            multiple=True,
            help="Suspects to be asked (repeatable), or how many.  [default: one]",
        ),
        click.option(
            "--alpha", type=reading.SHARE, default=0.001, show_default=True, help="Level, of all claims together."
        ),
        click.option("--power", type=reading.SHARE, required=True, help="Chance of finding a trace of this size."),
        click.option("--pilot", "pilot_path", metavar="E.json", type=reading.PATH, help="Evidence of a small audit."),
        click.option("--out", metavar="PLAN", type=reading.PATH, required=True, help="Plan file."),
    ):
        function = option(function)
    return function


@command.command("order")
@click.argument("transcript", type=reading.PATH, required=False)
@click.option("--effect", type=float, help="Spearman's ρ between a row's residual and its position.")
@click.option("--window", type=reading.WINDOW, help="Tokens to score.  [default: as an audit's, or the pilot's]")
@click.option(
    "--select",
    type=click.Choice(["recent", "uniform"]),
    help="Which rows are asked: half near the end of the run, or any.  [default: recent, or as the pilot]",
)
@_shared
def order(transcript: Path | None, effect: float | None, window: Any, select: Any, **how: Any) -> Any:
    """Plan an order audit, of TRANSCRIPT where it is given.

    The effect is Spearman's ρ of the rows asked, as an audit reports it: .02 to .1 for a model of the run without a
    reference, more with one. A pilot on other rows of the run is better; one on the same rows means that a bet decides.

    \b
    Examples:
      provtool plan order run.parquet --pilot pilot.json --power 0.9 --out order.plan.json
      provtool plan order --effect 0.05 --power 0.9 --claims 3 --out order.plan.json
    """
    from provenance.audits import planning
    from provenance.transcripts import tables

    trial = _trial(effect, how["pilot_path"])
    read = tables.read(transcript) if transcript else None
    plan = planning.order(_goal(how), effect=effect, pilot=trial, transcript=read, window=window, select=select)
    return _conclude(plan, how, [("rows", len(read.ids) if read else None)])


@command.command("watermark")
@click.argument("ledgers", metavar="[LEDGER]…", type=reading.PATH, nargs=-1)
@click.option("--effect", type=float, help="Win rate: the AUROC that an audit reports, .5 by chance.")
@_shared
def watermark(ledgers: tuple[Path, ...], effect: float | None, **how: Any) -> Any:
    """Plan a watermark audit, of the release that LEDGER records where it is given.

    The effect is how often the published variant beats one alternate of its document: .5 by chance, .55 to .7 after an
    epoch or two.

    \b
    Examples:
      provtool plan watermark marked/ledger.parquet --effect 0.6 --power 0.9 --out mark.plan.json
      provtool plan watermark --pilot pilot.json --power 0.9 --stop-early --out mark.plan.json
    """
    from watermark import dealing, ledger, planning

    trial = _trial(effect, how["pilot_path"])
    books = [ledger.read(path) for path in ledgers]
    for book in books:
        dealing.check_exact(book)
    ledger.check_distinct(books)
    plan = planning.watermark(_goal(how), effect=effect, pilot=trial, books=books)
    documents = sum(len(book.documents) for book in books) if books else None
    sites = [("sites", f"about {planning.sites(books, plan.units):,}")] if books else []
    return _conclude(plan, how, [("documents", documents), *sites])


def _trial(effect: float | None, path: Path | None) -> Trial | None:
    from provenance import evidence, storage
    from provenance.audits import sizing

    if (effect is None) == (path is None):
        raise click.UsageError("give either --pilot (evidence of a small audit) or --effect (a number)")
    if path is None:
        return None
    with streams.readable(path) as place:
        return sizing.Trial(evidence=evidence.read(place), sha256=storage.digest(place), path=str(path))


def _goal(how: dict[str, Any]) -> Goal:
    from provenance import plans
    from provenance.audits import sizing

    return sizing.Goal(
        family=plans.claims(how["claims"]),
        power=how["power"],
        alpha=how["alpha"],
        stop_early=how["stop_early"],
        seed=how["seed"],
        references=tuple({"suspect": name} for name in how["references"]),
        tokens_per_query=how["tokens_per_query"],
    )


def _conclude(plan: Plan, how: dict[str, Any], sizes: list[tuple[str, Any]]) -> Any:
    """Write the plan, and say what it asks for and gives."""
    from provenance import plans

    streamed = str(how["out"]) == streams.STREAM
    if streamed:
        click.echo(plans.spell(plan), nl=False)
    else:
        plans.write(how["out"], plan)
    (unit, available), *others = sizes
    terminal.say_table(
        [
            ("plan", f"audit of {plan.audit}, {plan.effect.name} = {plan.effect.value:.3g}"),
            *_needs(plan, unit, available),
            *others,
            *_costs(plan, how),
            *_decision(plan),
            *([] if streamed else [("plan file", str(how["out"]))]),
        ]
    )
    if not streamed:
        terminal.say(f"next: provtool commit {how['out']}")
    return json.loads(plans.spell(plan))


def _needs(plan: Plan, unit: str, available: int | None) -> Iterator[tuple[str, str]]:
    yield "needed", f"{plan.needed:,} {unit} for a chance of {plan.power:g} of finding it"
    if plan.needed_if_low is not None:
        yield "", f"{plan.needed_if_low:,} if it is as small as the lower end of the pilot's interval"
    elif plan.pilot:
        yield "", "the pilot's interval reaches down to no effect: a larger pilot would tell more"
    if available is not None:
        short = f"; they give a chance of {plan.reached:.2f}" if plan.needed > plan.units else ""
        yield unit, f"{available:,} are there{short}"


def _costs(plan: Plan, how: dict[str, Any]) -> Iterator[tuple[str, str]]:
    models = len(plan.family) + len(plan.references)
    total = models * plan.tokens
    each = f" ({plan.alternates + 1} variants of each document)" if plan.alternates else ""
    yield "queries", f"{plan.queries:,} texts{each}, {'at most ' * plan.stop_early}{plan.tokens:,} tokens a model"
    named = f"{_counted(len(plan.family), 'suspect')}, {_counted(len(plan.references), 'reference')}"
    yield "models", f"{named}: {total:,} tokens"
    if how["price"] is not None:
        yield "cost", f"{total / 1e6 * how['price']:,.2f}"
    if how["tokens_per_second"]:
        yield "time", _duration(total / how["tokens_per_second"])


def _decision(plan: Plan) -> Iterator[tuple[str, str]]:
    how = f"{plan.resamples:,} resamples" if plan.decided_by == "permutation" else "a bet, which has no floor"
    yield "decides", f"the p-value of {how}, at {plan.alpha:g} over {_counted(len(plan.family), 'claim')}"
    if plan.pilot and plan.pilot.same_input:
        yield "", "because the pilot's rows are tested again: all rows, by the pilot's seed, window and references"
    if plan.decided_by == "permutation":
        yield "smallest p", f"{1 / (plan.resamples + 1):.2g}"
    yield "null audits", f"accuse anyone with a chance of at most {plan.alpha:g}"


def _duration(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"

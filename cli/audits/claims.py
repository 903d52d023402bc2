"""What does a run of audits owe to its plan, and to the claims that are asked together?"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cli import findings, summary, terminal
from cli.audits import planned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cli.audits.planned import Planned
    from cli.sources import Source
    from provenance.evidence import Evidence

BETTING = frozenset({"order", "watermark"})
"""Audits that have a bet, which can decide where resamples would take too long."""


def prepare(name: str, source: Source, how: dict[str, Any]) -> dict[str, Any]:
    """Check the plan and settle, before anything is asked, how the claims of this run are decided.

    Raises
    ------
    MismatchError
        If the plan is for another transcript or ledger.
    """
    from provenance import families, lookup, plans

    suspects = len(how["suspect_names"]) or 1
    if len(how.get("labels", ())) not in {0, suspects}:
        raise click.UsageError(f"{len(how['labels'])} --label for {suspects} suspects: give one each, in their order")
    asked = suspects * len(how["about"])
    plan: Planned | None = how.get("plan")
    if plan is not None:
        plans.check(plan.plan, audit=name, inputs=source.inputs, path=plan.path)
        _say_settings(plan)
        return {**how, "references": _references(plan, how), "by_evalue": plan.plan.decided_by == "evalue"}
    if asked == 1 or given("resamples"):
        return how
    units = lookup.different(repr((record.set, record.id)) for record in source.records)
    rule = families.rule(claims=asked, alpha=how["alpha"], units=units, resamples=how["resamples"])
    return {**how, "resamples": rule.resamples, "by_evalue": name in BETTING and rule.decided_by == "evalue"}


def _say_settings(plan: Planned) -> None:
    """Say which settings come from the plan, and which were given in place of its own."""
    context = click.get_current_context()
    told = [(name, context.get_parameter_source(name)) for name in planned.settings(plan.plan)]
    adopted = [f"{name} {context.params[name]}" for name, source in told if source is ParameterSource.DEFAULT_MAP]
    terminal.say(f"from {plan.path}: {', '.join(adopted) or 'nothing'}".replace("_", "-"))


def _references(plan: Planned, how: dict[str, Any]) -> tuple[str, ...]:
    """Ask the references that were planned, unless others are given."""
    if how["references"] or how["reference_scores"]:
        return tuple(how["references"])
    return tuple(str(reference["suspect"]) for reference in plan.plan.references)


def weigh(judged: Iterable[Evidence], how: dict[str, Any]) -> Iterator[Evidence]:
    """Give each finding what it has to say of its family, its label and its plan."""
    from provenance import settling

    names, labels, plan = how["suspect_names"], how.get("labels", ()), how.get("plan")
    several = len(names) > 1 or len(how["about"]) > 1
    common = settling.Circumstances(
        by_evalue=bool(how.get("by_evalue")),
        plan=plan.plan if plan else None,
        witnessed=findings.commitments([plan.path], how) if plan else (),
    )
    for index, found in enumerate(judged):
        family = _family(names or [found.suspect["suspect"]], how["about"]) if several else None
        label = labels[index] if labels else None
        yield settling.settle(found, dataclasses.replace(common, family=family, label=label))


def conclude(found: Sequence[Evidence], how: dict[str, Any], *, beside: Path) -> None:
    """Say what the suspects' labels show of the test itself, and keep it beside the evidence."""
    from provenance import storage
    from provenance.audits import labelled

    if not how.get("labels"):
        return
    measured = labelled.measure(found, how["labels"])
    path = beside.with_name(f"{beside.stem}.labels.json")
    storage.write_json(path, labelled.to_json(measured))
    terminal.say_table([*summary.of_labels(measured), ("labels", str(path))])


def _family(names: Sequence[str], about: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{name}, {part}" if part else str(name) for part in about for name in names)


def at_level(settings: dict[str, Any], how: dict[str, Any]) -> dict[str, Any]:
    """Put the level that one of several claims must reach in place of that of the family."""
    return {**settings, "alpha": levelled(how)["level"]}


def levelled(how: dict[str, Any]) -> dict[str, Any]:
    """Add the ``level`` that one of several claims must reach."""
    planned: Planned | None = how.get("plan")
    asked = (len(how["suspect_names"]) or 1) * len(how["about"])
    family = max(asked, len(planned.plan.family) if planned else 1)
    return {**how, "level": how["alpha"] / family}


def given(name: str) -> bool:
    """Ask whether an option stands on the command line."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE

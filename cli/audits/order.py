"""``provtool audit order``: does a model derive from a recorded run?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cli import bundling, findings, options, reading
from cli.audits import asking, claims, planned
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenance.audits.stopping import Ask, Early
    from provenance.evidence import Evidence
    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript


@click.command("order")
@click.argument("transcript", type=reading.PATH)
@options.stop_early
@options.selected
@planned.add
@options.audit
def command(transcript: Path, **how: Any) -> None:
    """Ask whether a model derives from the run that TRANSCRIPT records.

    A reference (an independent model, best of the same family and size) is worth about fifty times the data.

    \b
    Examples:
      provtool audit order run.parquet --suspect ./their-model --reference ./our-other-model
      provtool audit order run.parquet --scores theirs.parquet --reference-scores other.parquet
      provtool audit order run.parquet --suspect ./their-model --queries 2000 --stop-early
    """
    from cli import sources
    from provenance.audits import order, selection
    from provenance.transcripts import tables

    if claims.given("select") and not how["queries"]:
        raise click.UsageError("--select says which rows --queries keeps: give --queries too")
    read = tables.read(transcript)
    _check_positions(read)
    found = findings.commitments([transcript], how)
    chosen = selection.Selection(queries=how["queries"], rule=how["select"]) if how["queries"] else None

    def judge(scores: Scores, references: Sequence[Scores], settings: dict[str, Any]) -> Evidence:
        return order.audit(read, scores, references=references, commitments=found, selection=chosen, **settings)

    def walk(ask: Ask, window: str | None, settings: dict[str, Any]) -> Early:
        level, seed = settings["alpha"], settings["seed"]
        return order.ask_early(read, ask, window=window, alpha=level, seed=seed, selection=chosen)

    source = sources.of_transcript(read)
    if chosen:
        source = replace(source, records=tuple(selection.records(read, chosen, seed=how["seed"])))
    place = asking.Place(beside=transcript, parcel=bundling.Parcel(sources={read.sha256: transcript}))
    asking.run("order", source, judge, place=place, how=how, walk=walk)


def _check_positions(read: Transcript) -> None:
    """Refuse before a model is asked what no answer could save."""
    first = read.positions[0].tolist()
    if all(positions.tolist() == first for positions in read.positions):
        raise InputError("positions are all equal", path=read.path, expected="an order")

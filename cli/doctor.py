"""``provtool doctor``: what is installed, and what could be asked here."""

from __future__ import annotations

import itertools
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.text import Text

from cli import meant, options, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.diagnosis import Check
    from provenance.suspects.terms import Terms


@click.command()
@click.option(
    "--suspect",
    metavar="S",
    shell_complete=meant.suspect,
    help="Also open this suspect, and say what it can be asked for.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@options.served
def command(suspect: str | None, as_json: bool, terms: Terms) -> None:
    """Say what is installed, on which devices models can be asked, and whether the language resources can be read.

    A served suspect is sent a few short requests, which find out what it can be asked for. On a terminal there is a
    table, in a pipe a line a finding.

    \b
    Examples:
      provtool doctor
      provtool doctor --suspect openai:http://localhost:8000/v1#their-model
      provtool doctor --json

    Exit codes: 0 all that is needed is here; 1 something is missing or broken; 2 usage; 4 the suspect cannot be
    asked.
    """
    from provenance import storage

    found = [check for group in _groups(suspect, terms) for check in group]
    if as_json:
        click.echo(storage.dump_json([asdict(check) for check in found]))
    elif terminal.STDOUT.is_terminal:
        _show(found)
    else:
        _list(found)
    if failed := next((check for check in found if not check.passed), None):
        terminal.complain(f"provtool: {failed.name}: {failed.found}" + (f"; try {failed.hint}" if failed.hint else ""))
        sys.exit(failed.exit_code)


def _groups(suspect: str | None, terms: Terms) -> Iterator[Sequence[Check]]:
    """Look at one thing after the other; without its libraries nothing further can be looked at."""
    from provenance import diagnosis

    software = list(diagnosis.software())
    yield software
    if not all(check.passed for check in software):
        return
    from watermark import resources

    yield list(diagnosis.devices())
    yield list(resources.checks())
    yield list(diagnosis.surroundings())
    if suspect:
        yield list(diagnosis.suspect(suspect, terms=terms))


def _show(found: Sequence[Check]) -> None:
    for group, checks in itertools.groupby(found, key=lambda check: check.group):
        terminal.STDOUT.print(group, style="bold")
        terminal.say_table([(f"  {check.name}", _said(check)) for check in checks], on=terminal.STDOUT)


def _said(check: Check) -> Text:
    said = Text(check.found, style="" if check.passed else "bold red")
    return said.append(f"  try {check.hint}", style="dim") if check.hint else said


def _list(found: Sequence[Check]) -> None:
    for check in found:
        hint = f"; try {check.hint}" if check.hint else ""
        word = "FAILS" if not check.passed else "note" if check.hint else "ok"
        click.echo(f"{word:<8}{check.group}: {check.name}: {check.found}{hint}")

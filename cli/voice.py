"""How loudly does a command speak, and to whom: to a person, or to a program that reads JSON?

The options stand behind any command or right behind ``provtool``; `cli.manners` gives them to every command.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import click

KEY = "provtool.voice"
"""Where the contexts of one run share it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What the user wants to hear."""

    quiet: bool = False
    """Nothing on stderr but mistakes; nothing is asked either."""
    verbose: bool = False
    """Also versions, settings and where they come from, times, and tracebacks of mistakes."""
    as_json: bool = False
    """One JSON document on standard output, and nothing else there."""


def current() -> Voice:
    """Give the voice of the command that runs; outside of any, the usual one."""
    context = click.get_current_context(silent=True)
    found = context.meta.get(KEY) if context else None
    return found if isinstance(found, Voice) else Voice()


def _hear(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value:
        context.meta[KEY] = replace(current(), **{str(parameter.name): True})
    if current().quiet and current().verbose:
        raise click.UsageError("--quiet and --verbose: give one of them")


def options() -> list[click.Option]:
    """Make the options, new ones for each command."""
    told = {"is_flag": True, "expose_value": False, "is_eager": True, "callback": _hear}
    return [
        click.Option(["--json", "as_json"], help="Print the result as JSON on standard output.", **told),  # type: ignore[arg-type]
        click.Option(["-q", "--quiet"], help="Say nothing but mistakes.", **told),  # type: ignore[arg-type]
        click.Option(["-v", "--verbose"], help="Say also settings, versions, times and places.", **told),  # type: ignore[arg-type]
    ]

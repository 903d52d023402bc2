"""What does every command do alike, whatever it does?

It has ``--json``, ``--quiet`` and ``--verbose`` (`cli.voice`). What it returns is its result as a JSON value; its news
go to stderr on the way.
"""

from __future__ import annotations

import functools
import platform
import resource
import sys
import time
import traceback
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import meant, voice
from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STREAM = "-"
TOLD = ("torch", "transformers", "numpy", "pyarrow", "spacy")
"""Libraries whose versions change numbers."""


class Group(click.Group):
    """A group of commands that names the one that was likely meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or name the one that was likely meant."""
        if args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            near = meant.command(self, ctx, args[0])
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {near!r}?" if near else ""))
        return super().resolve_command(ctx, args)


def teach(command: click.Command) -> click.Command:
    """Teach a command, or all in a group, what every command can; once is enough."""
    if isinstance(command, click.Group):
        for inside in command.commands.values():
            teach(inside)
    elif "quiet" not in {parameter.name for parameter in command.params}:
        own = {parameter.name for parameter in command.params}
        command.params += [option for option in voice.options() if option.name not in own]
        command.callback = _speaking(command.callback or (lambda: None))
    return command


def _speaking(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a command print what it returns where JSON is wanted, and tell all where all is."""

    @functools.wraps(function)
    def speak(*arguments: Any, **how: Any) -> Any:
        said = voice.current()
        if "as_json" in how:
            how["as_json"] = how["as_json"] or said.as_json
        elif said.as_json and str(how.get("out")) == STREAM:
            raise click.UsageError("--json prints on standard output too: give --out FILE")
        if not said.verbose:
            return _print(function(*arguments, **how), said)
        return _print(_in_words(functools.partial(function, *arguments, **how)), said)

    return speak


def _print(result: Any, said: voice.Voice) -> Any:
    if said.as_json and result is not None:
        from provenance import storage

        click.echo(storage.dump_json(result))
    return result


def _in_words(work: Callable[[], Any]) -> Any:
    """Say what a command is told, how long it took, and where a mistake was met."""
    from cli import terminal, ticker

    began = time.monotonic()
    for line in (*_surroundings(), *_settings(click.get_current_context())):
        terminal.detail(line)
    try:
        return work()
    except ProvenanceError:
        terminal.detail(traceback.format_exc().rstrip())
        raise
    finally:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        terminal.detail(f"{ticker.spell(time.monotonic() - began)}, {most / 2**20:,.0f} MiB of memory at most")


def _surroundings() -> Iterator[str]:
    versions = {name: metadata.version(name) for name in TOLD}
    yield f"provtool {metadata.version('provtool')}, Python {platform.python_version()}, {platform.platform()}"
    yield ", ".join(f"{name} {version}" for name, version in versions.items())
    yield f"in {Path.cwd()}"


def _settings(context: click.Context) -> Iterator[str]:
    """Name every setting that is not the usual one, and where it comes from."""
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if source is None or source.name == "DEFAULT":
            continue
        place = {"COMMANDLINE": "command line", "DEFAULT_MAP": "plan"}.get(source.name, source.name.lower())
        spelt = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        yield f"{name.replace('_', '-')}: {spelt} ({place})"

"""What was likely meant by a word that is wrong, or not finished?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from provenance.errors import closest

if TYPE_CHECKING:
    from collections.abc import Iterator

SUSPECTS = ("hf", "ngram", "column", "openai", "text-only")
"""As in `provenance.suspects`, which is not imported while a shell waits."""
IN_FILES = frozenset({"hf", "ngram", "column"})
MOST = 200


def choice(error: click.ClickException) -> click.ClickException:
    """Add to click's words on a wrong choice the one that was likely meant; of options click says so itself."""
    if not (isinstance(error, click.BadParameter) and error.param and isinstance(error.param.type, click.Choice)):
        return error
    given = re.match(r"'(.*?)' is not ", error.message)
    near = closest(given[1], map(str, error.param.type.choices)) if given else None
    message = f"{error.message} Did you mean {near!r}?" if near else error.message
    return click.BadParameter(message, ctx=error.ctx, param=error.param)


def command(group: click.Group, context: click.Context, name: str) -> str | None:
    """Give the command that was likely meant, of this group or of those in it, as it is typed."""
    known = {**dict(_deeper(group, context)), **{one: one for one in group.list_commands(context)}}
    near = closest(name, known)
    return known[near] if near else None


def _deeper(group: click.Group, context: click.Context) -> Iterator[tuple[str, str]]:
    """Walk the commands of the groups in a group."""
    for name in group.list_commands(context):
        inside = group.get_command(context, name)
        if isinstance(inside, click.Group):
            yield from ((deeper, f"{name} {deeper}") for deeper in inside.list_commands(context))


def suspect(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Say how a suspect's name can go on: by its kind, and then by a file where that is one."""
    kind, colon, rest = incomplete.partition(":")
    if colon:
        paths = _paths(rest) if kind in IN_FILES else ()
        return [CompletionItem(f"{kind}:{path}") for path in paths]
    kinds = [f"{known}:" for known in SUSPECTS if known.startswith(incomplete)]
    return [CompletionItem(value) for value in (*kinds, *_paths(incomplete))]


def _paths(begun: str) -> list[str]:
    """List the files and folders whose path begins so, those that are hidden only where that is asked for."""
    folder, slash, name = begun.rpartition("/")
    try:
        found = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        return []
    shown = [one for one in found if one.name.startswith(name) and (name or not one.name.startswith("."))]
    return [f"{folder}{slash}{one.name}{'/' if one.is_dir() else ''}" for one in shown[:MOST]]

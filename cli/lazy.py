"""How does a group of commands stay quick: a command is imported only when it runs."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cli import manners

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click


class LazyGroup(manners.Group):
    """Import a command's module only when that command runs, so that ``--help`` never pays for it.

    Parameters
    ----------
    members
        Every command's module, which holds it as ``command``, and its line in the group's help.
    """

    def __init__(self, *args: Any, members: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._members = dict(members)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of a first use."""
        del ctx
        return list(self._members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in self._members:
            return None
        command: click.Command = importlib.import_module(self._members[cmd_name][0]).command
        return manners.teach(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._members.items()])

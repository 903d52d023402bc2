"""Every command with its help in Markdown, for the pages of the site that mkdocs-click makes."""

from __future__ import annotations

import copy
import inspect

import click

from cli import main

SETTINGS = main.command.context_settings


def markdown(command: click.Command) -> click.Command:
    r"""Copy a command, or a group with its members; what help keeps as it stands (``\b``) becomes a block of code."""
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            found = {name: command.get_command(context, name) for name in command.list_commands(context)}
        members = {name: markdown(member) for name, member in found.items() if member is not None}
        return click.Group(command.name, commands=members, help=spelt(command.help or ""), context_settings=SETTINGS)
    made = copy.copy(command)
    made.context_settings = SETTINGS
    made.help = spelt(command.help or "")
    return made


def spelt(text: str) -> str:
    """Spell a help text as Markdown: its lines that must not be joined stand in a block of code."""
    return "\n\n".join(map(_block, inspect.cleandoc(text).split("\n\n")))


def _block(paragraph: str) -> str:
    mark, _, kept = paragraph.partition("\n")
    if mark.strip() != "\b":
        return paragraph
    lead, _, rest = kept.partition("\n")
    if not rest or lead.startswith(" "):
        return f"```text\n{inspect.cleandoc(kept)}\n```"
    kind = "sh" if lead.startswith("Example") else "text"
    plain = inspect.cleandoc("\n" + rest)
    return f"{lead}\n\n```{kind}\n{plain}\n```" if rest.startswith(" ") else f"```text\n{kept}\n```"


def __getattr__(name: str) -> click.Command:
    """Give a command by its name, which is how mkdocs-click asks for it; ``provtool`` is all of them."""
    if name not in main.COMMANDS:
        raise AttributeError(f"no command {name!r}")
    with click.Context(main.command) as context:
        found = main.command.get_command(context, name)
    return markdown(found) if found else click.Command(name)

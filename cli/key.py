"""``provtool key``: make the secret from which every choice is dealt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import manners, reading, terminal

if TYPE_CHECKING:
    from pathlib import Path


@click.group(cls=manners.Group)
def command() -> None:
    """Make secret keys.

    A key deals every choice of a watermark. Whoever has it can prove the mark, and remove it: keep it offline.

    \b
    Example:
      provtool key new release.key
    """


@command.command("new")
@click.argument("path", metavar="KEY", type=reading.PATH)
def new(path: Path) -> dict[str, str]:
    """Write a new random key to KEY, a file only you can read; never overwrites.

    \b
    Example:
      provtool key new release.key
    """
    from watermark import keys

    key = keys.new(path)
    terminal.say(f"key {key.id} in {path}: keep it secret, and keep a copy; without it no mark can be proven")
    terminal.say(f"next: provtool watermark CORPUS --key {path} --out DIR")
    return {"key": str(path), "id": key.id}

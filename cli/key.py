"""``provtool key``: make the secret from which every choice is dealt."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Make secret keys.

    A key deals every choice of a watermark. Whoever has it can prove the mark, and remove it: keep it offline.
    """


@command.command("new")
@click.argument("path", metavar="KEY", type=click.Path(path_type=Path))
def new(path: Path) -> None:
    """Write a new random key to KEY, a file only you can read; never overwrites.

    \b
    Example:
      provtool key new release.key
    """
    from watermark import keys

    key = keys.new(path)
    click.echo(f"key {key.id} written to {path}; keep it secret, and keep a copy: without it no mark can be proven")

"""``provtool commit``: commit to files before the suspect exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("files", type=options.PATH, nargs=-1, required=True)
def command(files: tuple[Path, ...]) -> None:
    """Write a commitment beside each of FILES: a salted digest to publish, and its opening to keep.

    Publish FILE.commitment.json where others can date it; keep FILE.opening.json with the file. Audits find both and
    check them.

    \b
    Example:
      provtool commit marked/ledger.parquet run.parquet
    """
    from provenance import commitments

    for path in files:
        commitment = commitments.commit(path)
        click.echo(f"{commitment.root}  {path.name}  (publish {path}.commitment.json, keep {path}.opening.json)")

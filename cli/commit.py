"""``provtool commit``: commit to files before the suspect exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import options
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.command()
@click.argument("files", metavar="FILE…", type=options.PATH, nargs=-1, required=True)
def command(files: tuple[Path, ...]) -> None:
    """Write a commitment beside each FILE: a salted digest to publish, and its opening to keep.

    Publish FILE.commitment.json where others can date it; keep FILE.opening.json with the file. Audits find both and
    check them. A commitment is never written over.

    \b
    Example:
      provtool commit marked/ledger.parquet run.parquet
    """
    from provenance import commitments

    _check(files)
    for path in files:
        commitment = commitments.commit(path)
        click.echo(f"{path}: {commitment.root}")
        click.echo(f"  publish      {path}.commitment.json", err=True)
        click.echo(f"  keep secret  {path}.opening.json", err=True)


def _check(files: Sequence[Path]) -> None:
    """Look at all files before anything is written: a salt that is lost cannot open what was published."""
    for path in files:
        if not path.is_file():
            raise InputError("no such file", path=path)
        if path.with_name(f"{path.name}.commitment.json").exists():
            what = "exists, and a commitment is never written over"
            raise InputError(what, path=f"{path}.commitment.json", hint="moving it and its opening away together")

"""``provtool commit``: commit to files before the suspect exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import options
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenance.timestamps import Stamp


@click.command()
@click.argument("files", metavar="FILE…", type=options.PATH, nargs=-1, required=True)
@click.option("--timestamp", "url", metavar="URL", help="Have this authority stamp the commitments (RFC 3161).")
@options.timestamp_roots
def command(files: tuple[Path, ...], url: str | None, roots_path: Path | None) -> None:
    """Write a commitment beside each FILE: a salted digest to publish, and its opening to keep.

    Publish FILE.commitment.json where others can date it; keep FILE.opening.json with the file. Audits find both and
    check them. A commitment is never written over.

    With --timestamp an authority signs that the digest existed now; its token goes to FILE.commitment.tsr. A FILE that
    was committed to before, and is unchanged, gets its time stamp with the same command.

    \b
    Examples:
      provtool commit marked/ledger.parquet run.parquet
      provtool commit marked/ledger.parquet --timestamp http://timestamp.digicert.com
    """
    from provenance import authorities, commitments, trust

    if url is not None:
        authorities.shown(url)
    elif roots_path is not None:
        raise click.UsageError("--timestamp-roots says whom to trust: give --timestamp too")
    trusted = trust.load_roots(roots_path) if roots_path else None
    _check(files, stamping=url is not None)
    for path in files:
        _commit(path)
    for path in files if url else ():
        _say(path, commitments.stamp(path, url=url or "", trusted=trusted))


def _check(files: Sequence[Path], *, stamping: bool) -> None:
    """Look at all files before anything is written: a salt that is lost cannot open what was published."""
    from provenance import commitments

    for path in files:
        if not path.is_file():
            raise InputError("no such file", path=path)
        if not (stamping and commitments.is_committed(path)):
            commitments.check_free(path)


def _commit(path: Path) -> None:
    from provenance import commitments

    if commitments.is_committed(path):
        return
    commitment = commitments.commit(path)
    click.echo(f"{path}: {commitment.root}")
    click.echo(f"  publish      {path}.commitment.json", err=True)
    click.echo(f"  keep secret  {path}.opening.json", err=True)


def _say(path: Path, stamp: Stamp) -> None:
    from provenance import timestamps

    click.echo(f"{path}: time-stamped by {timestamps.witness(stamp)}", err=True)
    if isinstance(stamp, timestamps.Doubtful):
        click.echo(f"  {stamp.reason}: no witness to you; try --timestamp-roots with its roots", err=True)
    click.echo(f"  publish      {path}.commitment.tsr", err=True)

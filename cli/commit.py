"""``provtool commit``: commit to files before the suspect exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import options, reading, terminal, voice
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.x509 import Certificate


@click.command()
@click.argument("files", metavar="FILE…", type=reading.PATH, nargs=-1, required=True)
@click.option("--timestamp", "url", metavar="URL", help="Have this authority stamp the commitments (RFC 3161).")
@options.timestamp_roots
def command(files: tuple[Path, ...], url: str | None, roots_path: Path | None) -> list[dict[str, str]]:
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
    from provenance import authorities, trust

    if url is not None:
        authorities.shown(url)
    elif roots_path is not None:
        raise click.UsageError("--timestamp-roots says whom to trust: give --timestamp too")
    trusted = trust.load_roots(roots_path) if roots_path else None
    _check(files, stamping=url is not None)
    made = [_commit(path) for path in files]
    stamps = [_stamp(path, url, trusted) for path in files] if url else [dict[str, str]()] * len(made)
    return [{**one, **stamp} for one, stamp in zip(made, stamps, strict=True)]


def _check(files: Sequence[Path], *, stamping: bool) -> None:
    """Look at all files before anything is written: a salt that is lost cannot open what was published."""
    from provenance import commitments

    for path in files:
        if path.is_dir():
            raise InputError("a folder", path=path, expected="a file", hint="each file in it, or one archive of them")
        if not path.is_file():
            raise InputError("no such file", path=path)
        if not (stamping and commitments.is_committed(path)):
            commitments.check_free(path)


def _commit(path: Path) -> dict[str, str]:
    from provenance import commitments

    public, opening = f"{path}.commitment.json", f"{path}.opening.json"
    known = commitments.is_committed(path)
    commitment = commitments.published(path) if known else commitments.commit(path)
    if not known:
        if not voice.current().as_json:
            click.echo(f"{path}: {commitment.root}")
        terminal.say(f"  publish      {public}")
        terminal.say(f"  keep secret  {opening}")
    return {"file": str(path), "root": commitment.root, "publish": public, "keep_secret": opening}


def _stamp(path: Path, url: str, trusted: Sequence[Certificate] | None) -> dict[str, str]:
    from provenance import commitments, timestamps

    stamp = commitments.stamp(path, url=url, trusted=trusted)
    terminal.say(f"{path}: time-stamped by {timestamps.witness(stamp)}")
    if isinstance(stamp, timestamps.Doubtful):
        terminal.say(f"  {stamp.reason}: no witness to you; try --timestamp-roots with its roots")
    terminal.say(f"  publish      {path}.commitment.tsr")
    return {"witness": timestamps.witness(stamp), "stamp": f"{path}.commitment.tsr"}

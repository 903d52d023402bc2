"""``provtool undo``: give the original corpus back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import reading, terminal

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("release", type=reading.PATH)
@click.option("--ledger", "ledger_path", type=reading.PATH, required=True, help="The ledger written with the release.")
@click.option("--out", type=reading.PATH, required=True, help="New folder for the corpus.")
@click.option("--text-field", help="Field or column with the text.  [default: the one that was marked]")
@click.option("--id-field", help="Field with the id.  [default: the one that was read then]")
def command(release: Path, ledger_path: Path, out: Path, text_field: str | None, id_field: str | None) -> Any:
    """Give the corpus back from RELEASE and its ledger, byte for byte.

    \b
    Example:
      provtool undo marked/release --ledger marked/ledger.parquet --out restored
    """
    from provenance import artifacts
    from watermark import ledger, restoring

    named = {"text_field": text_field, "id_field": id_field}
    settings = artifacts.read_header(ledger_path, ledger.LEDGER).settings
    opened = restoring.open_release(release, {**settings, **{key: name for key, name in named.items() if name}})
    with terminal.progress("restoring", unit="documents") as report:
        restored = restoring.undo(opened, ledger_path=ledger_path, out=out, progress=report)
    terminal.say(f"{restored.documents:,} documents restored in {out}")
    if restored.identical:
        terminal.say("every file has the digest of the one that was marked")
    else:
        terminal.say("digests differ from those of what was marked: right for .gz, .zst, Parquet and datasets,")
        terminal.say("which are packed anew; in any other format something unmarked was changed since")
    return {"out": str(out), "documents": restored.documents, "identical": restored.identical}

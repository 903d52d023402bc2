"""``provtool undo``: give the original corpus back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import options, terminal

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("release", type=options.PATH)
@click.option("--ledger", "ledger_path", type=options.PATH, required=True, help="The ledger written with the release.")
@click.option("--out", type=options.PATH, required=True, help="New folder for the corpus.")
@click.option("--text-field", default="text", show_default=True, help="Field or column with the text.")
@click.option("--id-field", help="Field with the id, as when it was marked.")
def command(release: Path, ledger_path: Path, out: Path, text_field: str, id_field: str | None) -> None:
    """Give the corpus back from RELEASE and its ledger, byte for byte.

    \b
    Example:
      provtool undo marked/release --ledger marked/ledger.parquet --out restored
    """
    from provenance import corpora
    from watermark import embedding

    corpus = corpora.open(release, text_field=text_field, id_field=id_field)
    with terminal.progress("restoring", unit="documents") as report:
        restored = embedding.undo(corpus, ledger_path=ledger_path, out=out, progress=report)
    terminal.STDERR.print(f"{restored:,} documents restored in {out}", soft_wrap=True, markup=False, highlight=False)

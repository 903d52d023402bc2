"""``provtool score``: ask a suspect how likely each token is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from cli import options, streams, terminal

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.records import Window


@click.command()
@click.argument("records", metavar="RECORDS…", type=options.PATH, nargs=-1, required=True)
@click.option("--suspect", "suspect_name", required=True, help="hf:NAME_OR_PATH[@REV], ngram:FILE or column:FILE:NAME.")
@click.option("--out", type=options.PATH, required=True, help="Scores table.")
@click.option("--window", type=options.WINDOW, help="Tokens to score.  [default: 32:32 of a transcript, all of a text]")
@options.model
@click.option("--text-field", default="text", show_default=True, help="Field or column with a corpus's text.")
@click.option("--id-field", help="Field with a corpus's id.")
def command(  # noqa: PLR0917 (click hands every option over by name)
    records: tuple[Path, ...],
    suspect_name: str,
    out: Path,
    window: Window | None,
    dtype: str,
    device: str | None,
    batch_tokens: int,
    text_field: str,
    id_field: str | None,
) -> None:
    """Ask a suspect how likely each token of RECORDS is: a transcript, ledgers, or corpora.

    Scores are kept, so that audits never ask the model twice.

    \b
    Examples:
      provtool score run.parquet --suspect ./model --out model.scores.parquet
      provtool score marked/ledger.parquet --suspect hf:EleutherAI/pythia-1b --out theirs.parquet
    """
    from cli import sources
    from provenance import scoring, suspects

    with contextlib.ExitStack() as stack:
        paths = [stack.enter_context(streams.readable(path)) for path in records]
        given = sources.read(paths, text_field=text_field, id_field=id_field)
        suspect = suspects.load(suspect_name, dtype=dtype, device=device, batch_tokens=batch_tokens)
        target = stack.enter_context(streams.writable(out, suffix=".parquet"))
        report = stack.enter_context(terminal.progress("scoring", unit="tokens"))
        scores = scoring.score(
            given.records,
            suspect=suspect,
            window=window or given.window,
            tokenizer=given.tokenizer,
            inputs=given.inputs,
            out=target,
            progress=report,
        )
    terminal.say(f"{len(scores.rows):,} texts scored as {scores.rendering} in {out}")

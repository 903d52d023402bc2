"""``provtool ngram``: count n-grams, for a reference that never saw an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import reading, streams, terminal

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("source", metavar="TRANSCRIPT|CORPUS", type=reading.PATH)
@click.option("--out", type=reading.PATH, required=True, help="Model file, used as ngram:FILE.")
@click.option("--order", type=click.IntRange(1, 12), help="Longest n-gram.  [default: 3 tokens or 6 bytes]")
@click.option(
    "--most",
    metavar="N",
    type=click.IntRange(1),
    default=1 << 24,
    show_default=True,
    help="Hold at most so many different n-grams, which bounds memory; the rarest are dropped.",
)
@click.option("--text-field", default="text", show_default=True, help="Field or column with a corpus's text.")
@click.option("--id-field", help="Field with a corpus's id.")
def command(source: Path, out: Path, order: int | None, most: int, text_field: str, id_field: str | None) -> Any:
    """Count the n-grams of a transcript (its tokens) or a corpus (its bytes).

    \b
    Example:
      provtool ngram run.parquet --out counts.parquet
      provtool audit order run.parquet --suspect ./model --reference ngram:counts.parquet
    """
    from cli import sources
    from provenance.suspects import ngram

    with streams.readable(source) as path, streams.writable(out, suffix=".parquet") as target:
        given = sources.read([path], text_field=text_field, id_field=id_field)
        has_ids = given.tokenizer is not None and all(record.tokens is not None for record in given.records)
        count = ngram.count(
            given.records,
            out=target,
            tokenizer=given.tokenizer if has_ids else None,
            order=order,
            most=most,
            inputs=given.inputs,
        )
    terminal.say(f"{count:,} n-grams in {out}; as a reference: --reference ngram:{out}")
    return {"out": str(out), "ngrams": count}

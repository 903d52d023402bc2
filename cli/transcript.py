"""How does the order in which a run saw its data come in from the command line?"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import terminal
from provenance.errors import InputError
from provenance.transcripts import importing, sources, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.records import Tokenizer


@click.group()
def command() -> None:
    """Bring in the order in which a run saw its data.

    A run that has yet to be trained records itself: see `provenance.transcripts.record`.

    \b
    Example:
      provtool transcript import seen.jsonl --out run.parquet --tokenizer ./model
    """


@command.command("import")
@click.argument("source")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the transcript goes.")
@click.option("--format", type=click.Choice(sources.FORMATS), help="Guessed from the name where that tells it.")
@click.option("--tokenizer", metavar="NAME[@REVISION]", help="What made the tokens: a folder or a hub name.")
@click.option("--run-length", type=click.IntRange(min=1), help="Positions in the whole run; default: the largest + 1.")
@click.option(
    "--position-unit",
    type=click.Choice(tables.POSITION_UNITS),
    default="example",
    show_default=True,
    help="What a position counts; with `step` rows of one step tie.",
)
@click.option(
    "--shuffle",
    default="claimed",
    show_default=True,
    metavar="KIND",
    help="How the order came about: full, within-stratum, buffer:SIZE, none, or claimed (you cannot say more).",
)
@click.option("--sample", type=click.IntRange(min=2), metavar="N", help="Take N rows, whatever their positions.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which N.")
@click.option("--join", metavar="CORPUS", help="Take text that rows lack from this corpus, by id.")
def import_(  # noqa: PLR0917 (click hands options over by name)
    source: str,
    out: Path,
    format: str | None,  # noqa: A002 (the option's name)
    tokenizer: str | None,
    run_length: int | None,
    position_unit: str,
    shuffle: str,
    sample: int | None,
    seed: int,
    join: str | None,
) -> None:
    """Turn a table of examples and positions into a transcript.

    SOURCE has one training example a row: `position` (0 for the first that the run consumed) or `positions` (a list,
    one for each epoch), `tokens` and/or `text`, and, where there are any, `id`, `stratum` and `unit`. It is JSON lines
    (also .gz, .zst) or Parquet; `-` is standard input.

    \b
    Examples:
      provtool transcript import seen.jsonl --out run.parquet
      provtool transcript import seen.parquet --tokenizer ./model --shuffle full --out run.parquet
      provtool transcript import order.jsonl --join corpus.jsonl.gz --sample 100000 --out run.parquet
    """
    importing.parse_shuffle(shuffle)
    declared = importing.Declared(
        tokenizer=_tokenizer(tokenizer), run_length=run_length, position_unit=position_unit, shuffle=shuffle
    )
    choice = None if sample is None else importing.Sample(rows=sample, seed=seed)
    with _opened(source, format) as table, terminal.progress("importing", unit="rows") as report:
        summary = importing.import_table(table, out=out, declared=declared, sample=choice, join=join, report=report)
    click.echo(_line(summary), err=True)


def _line(summary: importing.Summary) -> str:
    of = "" if summary.rows == summary.of else f" of {summary.of:,}"
    epochs = "one epoch" if summary.epochs == 1 else f"up to {summary.epochs} epochs"
    shuffle = summary.shuffle["kind"]
    return f"{summary.rows:,} rows{of}, {epochs}, run length {summary.run_length:,}, shuffle {shuffle}: {summary.path}"


def _tokenizer(name: str | None) -> Tokenizer | None:
    if name is None:
        return None
    from provenance import tokenizers

    place, _, revision = (name, "", "") if Path(name).exists() else name.partition("@")
    return tokenizers.identify(tokenizers.load(place, revision or None), place, revision or None)


@contextlib.contextmanager
def _opened(source: str, format: str | None) -> Iterator[sources.Source]:  # noqa: A002 (the option's name)
    """Give the table to read; a stream is laid on the disk first, because it is read twice."""
    if source != "-":
        yield sources.open(source, format=format)
        return
    if format is None:
        raise InputError("standard input has no name to tell its format", hint=f"--format {'|'.join(sources.FORMATS)}")
    with tempfile.NamedTemporaryFile(prefix="provtool-") as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.flush()
        yield sources.open(spool.name, format=format, name="-")

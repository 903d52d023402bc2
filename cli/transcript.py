"""How does the order in which a run saw its data come in from the command line?"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import manners, terminal
from provenance import artifacts
from provenance.errors import InputError
from provenance.transcripts import choosing, importing, sources, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.records import Tokenizer

RUNS = ("pythia", "olmo")
"""Formats whose rows go by numbers, and whose positions are steps."""

FOR_RUNS, FOR_OLMO = ("rows_per_step", "sequence_length"), ("tokens", "tokens_list", "token_type")
"""Options that mean something for them alone."""


@click.group(cls=manners.Group)
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
@click.option(
    "--run-length",
    type=click.IntRange(min=1),
    help="Positions in the whole run; default: the largest + 1.",
)
@click.option(
    "--position-unit",
    type=click.Choice(tables.POSITION_UNITS),
    help="What a position counts; with `step` rows of one step tie.  [default: example; step for pythia and olmo]",
)
@click.option(
    "--shuffle",
    metavar="KIND",
    help="How the order came about: full, within-stratum, buffer:SIZE, none, or claimed (you cannot say more).  "
    "[default: claimed]",
)
@click.option("--sample", type=click.IntRange(min=2), metavar="N", help="Take N rows, whatever their positions.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Which N.")
@click.option(
    "--select",
    type=click.Choice(choosing.SELECTIONS),
    default="uniform",
    show_default=True,
    help="With --sample, of pythia and olmo: every row alike, or half of them near the end, where memory is.",
)
@click.option("--join", metavar="CORPUS", help="Take text that rows lack from this corpus, by id.")
@click.option("--rows-per-step", type=click.IntRange(min=1), help="Of pythia (1024) and olmo (2048): the batch size.")
@click.option("--sequence-length", type=click.IntRange(min=1), help="Of pythia (2049) and olmo (2048): tokens a row.")
@click.option("--tokens", metavar="FILE", multiple=True, help="Of olmo: a token file, in the run's order (repeatable).")
@click.option("--tokens-list", metavar="FILE", type=click.Path(path_type=Path), help="Of olmo: the same, one a line.")
@click.option(
    "--token-type", type=click.Choice(["uint16", "uint32"]), help="Of olmo: number format.  [default: uint16]"
)
def import_(source: str, out: Path, **how: Any) -> dict[str, Any]:
    """Turn the record of somebody else's run into a transcript.

    SOURCE has one training example a row: `position` (0 for the first that the run consumed) or `positions` (a list,
    one for each epoch), `tokens` and/or `text`, and, where there are any, `id`, `stratum` and `unit`. It is JSON lines
    (also .gz, .zst) or Parquet; `-` is standard input. A transcript made before is taken too, to add text or sample it.

    \b
    Or it is the data of a published run, of which only the rows sampled are read:
      pythia            document.idx beside document.bin or its parts, or their folder
      olmo              global_indices.npy, and the token files by --tokens
      sequence-samples  a table of index, tokens and loss_... (Parquet, CSV, JSON lines)

    \b
    Examples:
      provtool transcript import seen.jsonl --out run.parquet
      provtool transcript import seen.parquet --tokenizer ./model --shuffle full --out run.parquet
      provtool transcript import order.jsonl --join corpus.jsonl.gz --sample 100000 --out run.parquet
      provtool transcript import preshuffled/ --format pythia --sample 100000 --out run.parquet
    """
    importing.parse_shuffle(how["shuffle"] or "claimed")
    format_ = how["format"] or _guess(source)
    _check_usage(format_, how)
    _check_header(source, how)
    sample = None
    if how["sample"] is not None:
        sample = importing.Sample(rows=how["sample"], seed=how["seed"], select=how["select"])
    with terminal.progress("importing", unit="rows") as report:
        settings = {"out": out, "declared": _declared(how, format_), "sample": sample, "report": report}
        summary = _import(source, format_, how, settings)
    terminal.say(_line(summary))
    if tables.header(out)["tokenizer"] is None and (format_ in RUNS or format_ == "sequence-samples"):
        terminal.say("no --tokenizer was given: only losses computed elsewhere (column:) can be audited")
    return {**asdict(summary), "path": str(summary.path)}


def _guess(source: str) -> str | None:
    """Tell the formats of published runs by their names; of tables `sources` knows more."""
    path = Path(source)
    if path.is_dir():
        return "pythia" if any(path.glob("*.idx")) else "olmo" if any(path.glob("global_indices.npy")) else None
    return {".idx": "pythia", ".bin": "pythia", ".npy": "olmo"}.get(path.suffix)


def _check_usage(format_: str | None, how: dict[str, Any]) -> None:
    known = {"pythia": FOR_RUNS, "olmo": (*FOR_RUNS, *FOR_OLMO)}.get(format_ or "", ())
    for name in (*FOR_RUNS, *FOR_OLMO):
        if how[name] and name not in known:
            raise click.UsageError(f"--{name.replace('_', '-')} is not for {format_ or 'a table'}")
    if how["join"] and format_ in RUNS:
        raise click.UsageError(f"--join is for tables; the rows of {format_} have their tokens")


def _check_header(source: str, how: dict[str, Any]) -> None:
    """Refuse to say otherwise what a transcript's own header says."""
    given = [name for name in ("run_length", "position_unit", "shuffle") if how[name]]
    if given and Path(source).is_file() and artifacts.kind_of(source) == tables.TRANSCRIPT.name:
        option = f"--{given[0].replace('_', '-')}"
        raise InputError(
            f"{option} for a transcript, whose header says it already", path=source, hint=f"without {option}"
        )


def _declared(how: dict[str, Any], format_: str | None) -> importing.Declared:
    return importing.Declared(
        tokenizer=_tokenizer(how["tokenizer"]),
        run_length=how["run_length"],
        position_unit=how["position_unit"] or ("step" if format_ in RUNS else "example"),
        shuffle=how["shuffle"] or "claimed",
    )


def _import(source: str, format_: str | None, how: dict[str, Any], settings: dict[str, Any]) -> importing.Summary:
    if format_ == "pythia":
        return _import_pythia(source, how, settings)
    if format_ == "olmo":
        return _import_olmo(source, how, settings)
    with _opened(source, format_) as table:
        return importing.import_table(table, join=how["join"], **settings)


def _import_pythia(source: str, how: dict[str, Any], settings: dict[str, Any]) -> importing.Summary:
    from provenance.transcripts import numbered, pythia

    shape = numbered.Shape(
        rows_per_step=how["rows_per_step"] or pythia.SHAPE.rows_per_step,
        sequence_length=how["sequence_length"] or pythia.SHAPE.sequence_length,
    )
    return pythia.import_run(source, shape=shape, **settings)


def _import_olmo(source: str, how: dict[str, Any], settings: dict[str, Any]) -> importing.Summary:
    from provenance.transcripts import olmo

    tokens = olmo.open_tokens(
        [*how["tokens"], *_listed(how["tokens_list"])],
        length=how["sequence_length"] or olmo.SHAPE.sequence_length,
        dtype=how["token_type"] or "uint16",
    )
    per_step = how["rows_per_step"] or olmo.SHAPE.rows_per_step
    return olmo.import_run(source, tokens=tokens, rows_per_step=per_step, **settings)


def _listed(path: Path | None) -> Iterator[Path]:
    """Give the files that a list names, one a line, from where the list lies."""
    if path is None:
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read as a list of files", path=path) from error
    yield from (path.parent / line.strip() for line in lines if line.strip())


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

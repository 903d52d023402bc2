"""``provtool audit``: ask a question of a suspect and get evidence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cli import options, summary, terminal
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cli.sources import Source
    from provenance.evidence import Evidence
    from provenance.scoring import Scores


@click.group()
def command() -> None:
    """Ask a question of a suspect and get evidence.

    \b
    You hold           and ask
    a transcript       provtool audit order       does this model derive from my run?
    a ledger           provtool audit watermark   was this model trained on my release?

    Exit codes: 0 the audit ran, whatever it found; 1 the input is wrong; 2 usage; 3 a verdict named by --fail-on; 4 the
    suspect could not be asked.
    """


@command.command("order")
@click.argument("transcript", type=options.PATH)
@options.audit
def order_command(transcript: Path, **how: Any) -> None:
    """Ask whether a model derives from the run that TRANSCRIPT records.

    A reference (an independent model, best of the same family and size) is worth about fifty times the data.

    \b
    Examples:
      provtool audit order run.parquet --suspect ./their-model --reference ./our-other-model
      provtool audit order run.parquet --scores their.scores.parquet --reference-scores other.scores.parquet
    """
    from cli import sources
    from provenance import commitments
    from provenance.audits import order
    from provenance.transcripts import tables

    read = tables.read(transcript)
    found = commitments.find([transcript])

    def judge(scores: Scores, references: Sequence[Scores], settings: dict[str, Any]) -> Evidence:
        return order.audit(read, scores, references=references, commitments=found, **settings)

    _run("order", sources.of_transcript(read), judge, beside=transcript, how=how)


@command.command("watermark")
@click.argument("ledgers", metavar="LEDGER…", type=options.PATH, nargs=-1, required=True)
@click.option("--key", "key_path", type=options.PATH, help="Deal every choice again with this key and compare.")
@options.audit
def watermark_command(ledgers: tuple[Path, ...], key_path: Path | None, **how: Any) -> None:
    """Ask whether a model was trained on the release that LEDGER records.

    \b
    Examples:
      provtool audit watermark marked/ledger.parquet --key release.key --suspect ./their-model
      provtool audit watermark marked/ledger.parquet --suspect ./their-model --reference ./independent --json
    """
    from cli import sources
    from provenance import commitments
    from watermark import detection, keys, ledger

    key = keys.load(key_path) if key_path else None
    books = [ledger.read(path) for path in ledgers]
    for book in books:
        if key is not None:
            ledger.check_deals(book, key)
    found = commitments.find(ledgers)

    def judge(scores: Scores, references: Sequence[Scores], settings: dict[str, Any]) -> Evidence:
        return detection.audit(books, scores, references=references, key=key, commitments=found, **settings)

    _run("watermark", sources.of_ledgers(books), judge, beside=ledgers[0], how=how)


def _run(
    name: str,
    source: Source,
    judge: Callable[[Scores, Sequence[Scores], dict[str, Any]], Evidence],
    *,
    beside: Path,
    how: dict[str, Any],
) -> None:
    """Score what has to be scored, audit every suspect, leave scores and evidence behind."""
    from provenance import artifacts
    from provenance import evidence as evidences

    out = how["out"] or beside.with_name(f"{beside.stem}.{name}.json")
    settings = {key: how[key] for key in ("alpha", "resamples", "seed")}
    references = list(_references(source, out, how))
    verdicts = set[str]()
    for scores, path in _suspects(source, out, how):
        found = judge(scores, references, settings)
        if str(path) != "-":
            evidences.write(path, found)
        if how["as_json"] or str(path) == "-":
            click.echo(artifacts.dump_json(evidences.to_json(found)))
        summary.show(found, path)
        verdicts.add(found.verdict)
    if verdicts & set(how["fail_on"]):
        sys.exit(3)


def _suspects(source: Source, out: Path, how: dict[str, Any]) -> Iterator[tuple[Scores, Path]]:
    """Give the scores of each suspect, and the file its evidence goes to."""
    names, saved = how["suspect_names"], how["scores_path"]
    if bool(names) == bool(saved):
        raise click.UsageError("give either --suspect (a model to ask) or --scores (answers kept from before)")
    if saved:
        yield _saved(saved, source), out
        return
    for index, name in enumerate(names, start=1):
        path = out if len(names) == 1 or str(out) == "-" else out.with_name(f"{out.stem}-{index}{out.suffix}")
        yield _asked(name, source, how, keep=_beside(path, "scores")), path


def _references(source: Source, out: Path, how: dict[str, Any]) -> Iterator[Scores]:
    for index, name in enumerate(how["references"], start=1):
        yield _asked(name, source, how, keep=_beside(out, f"reference-{index}.scores"))
    for path in how["reference_scores"]:
        yield _saved(path, source)


def _beside(path: Path, what: str) -> Path:
    stem = "audit" if str(path) == "-" else path.stem
    return path.with_name(f"{stem}.{what}.parquet")


def _asked(name: str, source: Source, how: dict[str, Any], *, keep: Path) -> Scores:
    from provenance import scoring, suspects

    suspect = suspects.load(name, dtype=how["dtype"], device=how["device"], batch_tokens=how["batch_tokens"])
    with terminal.progress(f"scoring with {name}", unit="tokens") as report:
        scores = scoring.score(
            source.records,
            suspect=suspect,
            window=how["window"] or source.window,
            tokenizer=source.tokenizer,
            inputs=source.inputs,
            out=keep,
            progress=report,
        )
    terminal.STDERR.print(f"scores kept in {keep}", soft_wrap=True, markup=False, highlight=False)
    return scores


def _saved(path: Path, source: Source) -> Scores:
    from provenance import scoring

    if str(path) == "-":
        raise InputError("scores cannot be read from a stream", expected="a file made by provtool score")
    scores = scoring.read(path)
    scoring.check_inputs(scores, source.inputs)
    return scores

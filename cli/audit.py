"""``provtool audit``: ask a question of a suspect and get evidence."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from cli import findings, options, streams, terminal, trace
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cli.sources import Source
    from provenance.evidence import Evidence
    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript


@click.group()
def command() -> None:
    """Ask a question of a suspect and get evidence.

    \b
    You hold           and ask
    a transcript       provtool audit order       does this model derive from my run?
    a ledger           provtool audit watermark   was this model trained on my release?
    a ledger           provtool audit trace       whose copy of my release does this text carry?

    \b
    Example:
      provtool audit order run.parquet --suspect ./their-model --reference ./our-other-model

    Exit codes: 0 the audit ran, whatever it found; 1 the input is wrong; 2 usage; 3 a verdict named by --fail-on; 4 the
    suspect could not be asked.
    """


command.add_command(trace.command)


@command.command("order")
@click.argument("transcript", type=options.PATH)
@options.audit
def order_command(transcript: Path, **how: Any) -> None:
    """Ask whether a model derives from the run that TRANSCRIPT records.

    A reference (an independent model, best of the same family and size) is worth about fifty times the data.

    \b
    Examples:
      provtool audit order run.parquet --suspect ./their-model --reference ./our-other-model
      provtool audit order run.parquet --scores theirs.parquet --reference-scores other.parquet
    """
    from cli import sources
    from provenance.audits import order
    from provenance.transcripts import tables

    read = tables.read(transcript)
    _check_positions(read)
    found = findings.commitments([transcript], how)

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
      provtool audit watermark marked/ledger.parquet --suspect ./model --reference ./other --json
    """
    from cli import sources
    from watermark import detection, keys, ledger

    key = keys.load(key_path) if key_path else None
    books = [ledger.read(path) for path in ledgers]
    for book in books:
        ledger.check_exact(book)
        if key is not None:
            ledger.check_deals(book, key)
    found = findings.commitments(ledgers, how)

    def judge(scores: Scores, references: Sequence[Scores], settings: dict[str, Any]) -> Evidence:
        return detection.audit(books, scores, references=references, key=key, commitments=found, **settings)

    _run("watermark", sources.of_ledgers(books), judge, beside=ledgers[0], how=how)


def _check_positions(read: Transcript) -> None:
    """Refuse before a model is asked what no answer could save."""
    if len({tuple(positions.tolist()) for positions in read.positions}) == 1:
        raise InputError("positions are all equal", path=read.path, expected="an order")


def _run(
    name: str,
    source: Source,
    judge: Callable[[Scores, Sequence[Scores], dict[str, Any]], Evidence],
    *,
    beside: Path,
    how: dict[str, Any],
) -> None:
    """Score what has to be scored, audit every suspect, leave scores and evidence behind."""
    _check_usage(how)
    usual = beside.with_name(f"{beside.stem}.{name}.{_short(how)}.json")
    out, settings = how["out"] or usual, {key: how[key] for key in ("alpha", "resamples", "seed")}
    kept = usual if str(out) == streams.STREAM else out
    suspects = list(_suspects(source, kept, how))
    references = list(_references(source, kept, how))
    paths = findings.numbered(out, len(suspects))
    verdicts = {
        findings.conclude(judge(scores, references, settings), path, how=how, several=len(suspects) > 1)
        for scores, path in zip(suspects, paths, strict=True)
    }
    findings.suggest(paths)
    if verdicts & set(how["fail_on"]):
        sys.exit(3)


def _short(how: dict[str, Any]) -> str:
    """Name the suspect in a file name, so that the next one's evidence does not take its place."""
    asked = how["suspect_names"][0] if how["suspect_names"] else how["scores_path"].name
    last = asked.rstrip("/").rpartition("/")[2].partition(":")
    return re.sub(r"[^\w.-]+", "-", (last[2] or last[0]).removesuffix(".parquet")).strip("-.") or "suspect"


def _check_usage(how: dict[str, Any]) -> None:
    if bool(how["suspect_names"]) == bool(how["scores_path"]):
        raise click.UsageError("give either --suspect (a model to ask) or --scores (answers kept from before)")
    if how["window"] and not (how["suspect_names"] or how["references"]):
        raise click.UsageError("--window says what to ask a model; scores have theirs already")


def _suspects(source: Source, out: Path, how: dict[str, Any]) -> Iterator[Scores]:
    names = how["suspect_names"]
    for name, path in zip(names, findings.numbered(out, len(names)), strict=True):
        yield _asked(name, source, how, keep=_beside(path, "scores"))
    if how["scores_path"]:
        yield _saved(how["scores_path"], source)


def _references(source: Source, out: Path, how: dict[str, Any]) -> Iterator[Scores]:
    for index, name in enumerate(how["references"], start=1):
        yield _asked(name, source, how, keep=_beside(out, f"reference-{index}.scores"))
    for path in how["reference_scores"]:
        yield _saved(path, source)


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.stem}.{what}.parquet")


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
    terminal.say(f"scores of {name} kept in {keep}")
    return scores


def _saved(path: Path, source: Source) -> Scores:
    from provenance import scoring

    with streams.readable(path) as place:
        scores = scoring.read(place)
        scoring.check_inputs(scores, source.inputs)
    return scores

"""How does an audit of a model get its answers: asked now and kept, or kept from before?"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from cli import findings, streams, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cli.sources import Source
    from provenance.evidence import Evidence
    from provenance.scoring import Scores


def run(
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

"""How does an audit of a model get its answers: asked now and kept, or kept from before?"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cli import findings, streams, terminal
from cli.audits import claims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from cli.sources import Source
    from provenance.audits.stopping import Ask, Early
    from provenance.evidence import Evidence
    from provenance.records import Record
    from provenance.scoring import Scores


def run(
    name: str,
    source: Source,
    judge: Callable[[Scores, Sequence[Scores], dict[str, Any]], Evidence],
    *,
    beside: Path,
    how: dict[str, Any],
    walk: Callable[[Ask, str | None, dict[str, Any]], Early] | None = None,
) -> None:
    """Score what has to be scored, audit every suspect, leave scores and evidence behind.

    With --stop-early `walk` is handed a way to ask, the window and the settings, and `judge` gets where it stopped as
    the setting ``early``.
    """
    _check_usage(how)
    how = claims.prepare(name, source, how)
    usual = beside.with_name(f"{beside.stem}.{name}.{_short(how)}.json")
    out, settings = how["out"] or usual, {key: how[key] for key in ("alpha", "resamples", "seed")}
    kept = usual if str(out) == streams.STREAM else out
    count = len(how["suspect_names"]) or 1
    paths, kept_paths = findings.numbered(out, count), findings.numbered(kept, count)
    if walk is not None and how["stop_early"]:
        stop = claims.at_level(settings, how)
        found = _early(source, kept_paths, how, walk=lambda ask, window: walk(ask, window, stop))
        judged = (judge(scores, others, {**settings, "early": early}) for scores, others, early in found)
    else:
        suspects, references = list(_suspects(source, kept, how)), list(_references(source, kept, how))
        judged = (judge(scores, references, settings) for scores in suspects)
    weighed = zip(claims.weigh(judged, how), paths, strict=True)
    concluded = [(one, findings.conclude(one, path, how=how, several=count > 1)) for one, path in weighed]
    claims.conclude([one for one, _ in concluded], how, beside=kept)
    findings.suggest(paths)
    if {verdict for _, verdict in concluded} & set(how["fail_on"]):
        sys.exit(3)


def _short(how: dict[str, Any]) -> str:
    """Name the suspect in a file name, so that the next one's evidence does not take its place."""
    asked = how["suspect_names"][0] if how["suspect_names"] else how["scores_path"].name
    last = asked.rstrip("/").rpartition("/")[2].partition(":")
    return re.sub(r"[^\w.-]+", "-", (last[2] or last[0]).removesuffix(".parquet")).strip("-.") or "suspect"


def _check_usage(how: dict[str, Any]) -> None:
    if bool(how["suspect_names"]) == bool(how["scores_path"]):
        raise click.UsageError("give either --suspect (a model to ask) or --scores (answers kept from before)")
    window = how["window"] and claims.given("window")
    if window and not (how["suspect_names"] or how["references"]):
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


def _early(
    source: Source, paths: Sequence[Path], how: dict[str, Any], *, walk: Callable[[Ask, str | None], Early]
) -> Iterator[tuple[Scores, list[Scores], Early]]:
    """Ask each suspect, and the references, about no more than is needed, and keep what they answered."""
    from provenance import scoring

    saved = [_saved(path, source) for path in how["reference_scores"]]
    asking = [_asker(name, source, how) for name in how["references"]]
    picking = [scoring.picker(scores) for scores in saved]
    for path, (ask, whole) in zip(paths, _askers(source, how), strict=True):
        window = whole.window if whole else _window(source, how)
        early = walk(_together(ask, [*asking, *picking]), window)
        scores = whole or _kept(early.scores, _beside(path, "scores"))
        others = [
            _kept(reference, _beside(path, f"reference-{index}.scores"))
            for index, reference in enumerate(early.references[: len(asking)], start=1)
        ]
        replayed = whole is not None and len(whole.rows) > len(early.scores.rows)
        answers = replace(early.scores, sha256=scores.sha256)
        yield answers, [*others, *early.references[len(asking) :]], replace(early, replayed=replayed)


def _askers(
    source: Source, how: dict[str, Any]
) -> Iterator[tuple[Callable[[Iterable[Record]], Scores], Scores | None]]:
    """Give each suspect as something that can be asked, with all its answers where they were kept."""
    from provenance import scoring

    for name in how["suspect_names"]:
        yield _asker(name, source, how), None
    if how["scores_path"]:
        whole = _saved(how["scores_path"], source)
        yield scoring.picker(whole), whole


def _asker(name: str, source: Source, how: dict[str, Any]) -> Callable[[Iterable[Record]], Scores]:
    """Load a model once, to be asked again and again."""
    from provenance import scoring, suspects

    suspect = suspects.load(name, dtype=how["dtype"], device=how["device"], batch_tokens=how["batch_tokens"])

    def ask(records: Iterable[Record]) -> Scores:
        with terminal.progress(f"scoring with {name}", unit="tokens") as report:
            return scoring.score(
                records,
                suspect=suspect,
                window=how["window"] or source.window,
                tokenizer=source.tokenizer,
                inputs=source.inputs,
                progress=report,
            )

    return ask


def _together(ask: Callable[[Iterable[Record]], Scores], others: Sequence[Callable[[Iterable[Record]], Scores]]) -> Ask:
    return lambda records: (ask(records), tuple(other(records) for other in others))


def _window(source: Source, how: dict[str, Any]) -> str | None:
    window = how["window"] or source.window
    return str(window) if window else None


def _kept(scores: Scores, path: Path) -> Scores:
    from provenance import scoring

    terminal.say(f"scores of {scores.suspect['suspect']} kept in {path}")
    return scoring.save(scores, path)

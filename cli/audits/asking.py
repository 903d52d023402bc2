"""How does an audit of a model get its answers: asked now and kept, or kept from before?"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from cli import answers, bundling, findings, streams, terminal
from cli.audits import claims
from provenance.errors import MismatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from cli.bundling import Parcel
    from cli.sources import Source
    from provenance.audits.stopping import Ask, Early
    from provenance.evidence import Evidence
    from provenance.records import Record
    from provenance.scoring import Scores

    Judge = Callable[[Scores, Sequence[Scores], dict[str, Any]], Evidence]
    Walker = Callable[[Ask, str | None, dict[str, Any]], Early]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of every suspect."""

    judge: Judge
    walk: Walker | None = None
    """Handed a way to ask, the window and the settings with --stop-early; `judge` then gets where it stopped as the
    setting ``early``."""
    about: str = ""
    """What tells it from the other questions of a run, in the names of files and claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run leaves what it found."""

    beside: Path
    """What was audited: evidence is named after it."""
    parcel: Parcel
    """What goes into a bundle."""


def run(
    name: str, source: Source, judge: Judge, *, place: Place, how: dict[str, Any], walk: Walker | None = None
) -> None:
    """Score what has to be scored, audit every suspect, leave scores and evidence behind."""
    run_each(name, source, [Question(judge=judge, walk=walk)], place=place, how=how)


def run_each(name: str, source: Source, questions: Sequence[Question], *, place: Place, how: dict[str, Any]) -> None:
    """Do so for several questions, to which the same answers serve unless a walk asks for its own."""
    from provenance import storage

    _check_usage(how)
    bundling.check(how, [*place.parcel.sources.values(), how["scores_path"], *how["reference_scores"]])
    if how["out"] and str(how["out"]) != streams.STREAM:
        storage.check_replaceable(how["out"])
    source = _windowed(source, how)
    how = claims.prepare(name, source, {**how, "about": tuple(question.about for question in questions)})
    usual = place.beside.with_name(f"{place.beside.stem}.{name}.{_short(how)}.json")
    out = how["out"] or usual
    kept = usual if str(out) == streams.STREAM else out
    concluded: list[tuple[Evidence, str]] = []
    paths: list[Path] = []
    with answers.kept(lambda: _answers(questions, kept, how)):
        for question, judged in _judged(source, questions, kept, how):
            places = findings.numbered(_about(out, question), len(how["suspect_names"]) or 1)
            for one, path in zip(claims.weigh(judged, how), places, strict=True):
                findings.conclude(one, path, how=how, several=len(places) * len(questions) > 1)
                concluded.append((one, question.about))
            paths += places
    claims.conclude([one for one, _ in concluded], how, beside=kept)
    bundling.leave(concluded, place.parcel, answers=_answers(questions, kept, how), how=claims.levelled(how))
    findings.finish([one.verdict for one, _ in concluded], paths, how=how)


def _windowed(source: Source, how: dict[str, Any]) -> Source:
    """Settle which tokens are asked: those of answers kept from before, or what is usual for who is asked."""
    from provenance import scoring, windows
    from provenance.records import Window

    kept = [path for path in (how["scores_path"], *how["reference_scores"]) if path and str(path) != streams.STREAM]
    if not (kept and source.window):
        return source.asked_of([*how["suspect_names"], *how["references"]])
    told = scoring.read(kept[0]).window
    if how["window"] and (how["suspect_names"] or how["references"]) and str(how["window"]) != told:
        raise MismatchError(
            f"--window {how['window']}, and these are scores of {windows.said(told)}",
            path=kept[0],
            expected="the same tokens of every row, from all",
            hint=f"provtool score again, --window {how['window']}",
        )
    return replace(source, window=Window.parse(told) if told else None)


def _answers(questions: Sequence[Question], kept: Path, how: dict[str, Any]) -> list[Path]:
    """Name every table of answers that this run kept or was given."""
    asked = [kept, *(_about(kept, question) for question in questions)]
    each = [path for one in asked for path in (one, *findings.numbered(one, len(how["suspect_names"]) or 1))]
    references = [f"reference-{number}.scores" for number, _ in enumerate(how["references"], start=1)]
    made = {_beside(path, what) for path in each for what in ("scores", *references)}
    given = [path for path in (how["scores_path"], *how["reference_scores"]) if path]
    return [*sorted(path for path in made if path.is_file()), *given]


def _judged(
    source: Source, questions: Sequence[Question], kept: Path, how: dict[str, Any]
) -> Iterator[tuple[Question, Iterator[Evidence]]]:
    settings = {key: how[key] for key in ("alpha", "resamples", "seed")}
    if how.get("stop_early"):
        for question in questions:
            yield question, _stopped(source, question, _about(kept, question), how, settings=settings)
        return
    suspects, references = list(_suspects(source, kept, how)), list(_references(source, kept, how))
    for question in questions:
        yield question, map(question.judge, suspects, itertools.repeat(references), itertools.repeat(settings))


def _stopped(
    source: Source, question: Question, kept: Path, how: dict[str, Any], *, settings: dict[str, Any]
) -> Iterator[Evidence]:
    """Judge every suspect by what it took to stop."""
    walk, paths = question.walk, findings.numbered(kept, len(how["suspect_names"]) or 1)
    if walk is None:
        raise ValueError("this audit knows no early stop")
    stop = claims.at_level(settings, how)
    for scores, others, early in _early(source, paths, how, walk=lambda ask, window: walk(ask, window, stop)):
        yield question.judge(scores, others, {**settings, "early": early})


def _about(path: Path, question: Question) -> Path:
    """Give each question of a run a file of its own."""
    if not question.about or str(path) == streams.STREAM:
        return path
    return path.with_name(f"{path.stem}.{_slug(question.about)}{path.suffix}")


def _short(how: dict[str, Any]) -> str:
    """Name the suspect in a file name, so that the next one's evidence does not take its place."""
    asked = how["suspect_names"][0] if how["suspect_names"] else how["scores_path"].name
    last = asked.rstrip("/").rpartition("/")[2].partition(":")
    return _slug((last[2] or last[0]).removesuffix(".parquet")) or "suspect"


def _slug(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")


def _check_usage(how: dict[str, Any]) -> None:
    if bool(how["suspect_names"]) == bool(how["scores_path"]):
        raise click.UsageError("give either --suspect (a model to ask) or --scores (answers kept from before)")
    if how.get("stop_early") and how["workers"] > 1:
        raise click.UsageError("--stop-early asks in one process: it looks at what was answered before it asks more")
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
    from provenance.unheld import Unheld

    # What is made of a text, such as its lower case, compares a suspect with itself; nothing is made of a transcript's.
    every = source.records
    texts = every if isinstance(every, Unheld) else tuple(record for record in every if record.view == "text")
    plain = replace(source, records=texts)
    for index, name in enumerate(how["references"], start=1):
        yield _asked(name, plain, how, keep=_beside(out, f"reference-{index}.scores"))
    for path in how["reference_scores"]:
        yield _saved(path, source)


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.stem}.{what}.parquet")


def _asked(name: str, source: Source, how: dict[str, Any], *, keep: Path) -> Scores:
    from provenance import scoring

    answers.get(name, source, out=keep, window=how["window"] or source.window, how=answers.running(how))
    scores = scoring.read(keep)
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
    asking = [_remembering(_asker(name, source, how)) for name in how["references"]]
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

    suspect = suspects.load(name, **{part: how[part] for part in answers.LOADING})

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


def _remembering(ask: Callable[[Iterable[Record]], Scores]) -> Callable[[Iterable[Record]], Scores]:
    """Ask a reference once about each block: every suspect's walk goes over the same."""
    known = dict[tuple[tuple[str | None, str, int, str], ...], Any]()

    def answer(records: Iterable[Record]) -> Scores:
        block = tuple(records)
        key = tuple((record.set, record.id, record.variant, record.view) for record in block)
        if key not in known:
            known[key] = ask(block)
        answers: Scores = known[key]
        return answers

    return answer


def _together(ask: Callable[[Iterable[Record]], Scores], others: Sequence[Callable[[Iterable[Record]], Scores]]) -> Ask:
    return lambda records: (ask(records), tuple(other(records) for other in others))


def _window(source: Source, how: dict[str, Any]) -> str | None:
    window = how["window"] or source.window
    return str(window) if window else None


def _kept(scores: Scores, path: Path) -> Scores:
    from provenance import scoring

    terminal.say(f"scores of {scores.suspect['suspect']} kept in {path}")
    return scoring.save(scores, path)

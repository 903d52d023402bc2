"""How does a command get a suspect's answers: at what cost, how far is it, and how does it go on when cut short?"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cli import leaving, terminal, voice
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cli.sources import Source
    from provenance.estimates import Estimate
    from provenance.questions import Questions
    from provenance.records import Window
    from provenance.remote import Cluster
    from provenance.unfinished import Share, Work

LOADING = ("dtype", "device", "device_map", "batch_tokens", "bos", "context", "terms")
"""Options with which every suspect is loaded."""
TRIED_FROM = 50_000
"""Tokens from which a first batch is timed before the rest is asked."""
SAID_FROM, ASKED_FROM = 60, 600
"""Seconds from which an estimate is said, and from which the user is asked whether to go on."""
UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How the user lets a suspect be asked."""

    loading: Mapping[str, Any]
    """Keyword arguments of `provenance.suspects.load`."""
    workers: int = 1
    cluster: Cluster | None = None
    yes: bool = False
    dry_run: bool = False
    share: Share | None = None
    lasting: bool = True
    """Whether what is done outlives this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of asking a suspect: its answers, or else what was to be had instead."""

    asked: Questions | None = None
    """What the table answers, which is there."""
    expected: Estimate | None = None
    """Of a dry run."""
    shards_left: int = 0
    """After a share: what other runs still have to do."""


def running(how: Mapping[str, Any], *, share: Share | None = None, lasting: bool = True) -> Running:
    """Gather the options of `cli.options.model` and `cli.options.running`."""
    return Running(
        loading={name: how[name] for name in LOADING},
        workers=how["workers"],
        cluster=how["cluster"],
        yes=how["yes"],
        dry_run=how.get("dry_run", False),
        share=share,
        lasting=lasting,
    )


def get(name: str, source: Source, *, out: Path, window: Window | None, how: Running) -> Outcome:
    """Have the table of a suspect's answers at `out`, unless only a share, or only an estimate, was to be had.

    A table of the same weights, texts and settings is not made again, so that an audit that was cut short between two
    models goes on with the second.
    """
    from provenance import questions, resuming, scoring, storage, suspects, unfinished

    storage.check_replaceable(out)
    suspect = suspects.load(name, **how.loading)
    several = how.workers > 1 or how.cluster is not None
    if several and suspect.identity["kind"] in suspects.SERVED:
        raise click.UsageError("--workers are for models on this machine; a server is asked with --concurrency")
    asked = questions.prepare(source.records, suspect, window=window, tokenizer=source.tokenizer)
    header = scoring.header(asked, suspect, window=window, inputs=source.inputs)
    if suspect.identity.get("weights") and not unfinished.place(out).exists() and scoring.is_of(out, header):
        terminal.say(f"{out} holds these answers already: remove it to ask again")
        return Outcome(asked=asked)
    more = {"batch_tokens": how.loading["batch_tokens"]} if suspect.identity["kind"] == "hf" else {}
    with unfinished.opened(asked, suspect, header=header, out=out, settings=more, share=how.share) as work:
        todo = work.todo()
        expected = _expected(work, todo, how)
        if how.dry_run:
            return Outcome(expected=expected)
        crew = resuming.Crew(name=name, options=tuple(how.loading.items()), workers=how.workers, cluster=how.cluster)
        with _kept(work, how), terminal.progress(f"scoring with {name}", unit="tokens") as report:
            resuming.run(work, todo, crew=crew if several else None, progress=report)
        if resuming.merge(work):
            return Outcome(asked=asked)
        if how.share is None:
            raise InputError("a shard was damaged as soon as it was written", path=work.folder, hint="another disk")
        _say_share(work, out)
        return Outcome(shards_left=len(work.missing()))


def _expected(work: Work, todo: Sequence[int], how: Running) -> Estimate:
    """Say what is to come where it is long or costs money, and ask where that is much."""
    from provenance import estimates, suspects

    tried = how.dry_run or sum(work.asked.sizes[index] for index in todo) >= TRIED_FROM
    found = estimates.estimate(work.asked, work.suspect, todo, tried=tried)
    seconds = (found.seconds or 0) / how.workers
    # A model on this machine costs nothing, whatever a served one beside it does.
    price = how.loading["terms"].price if work.suspect.identity["kind"] in suspects.SERVED else None
    if len(todo) < len(work.asked.shards) and how.lasting and how.share is None:
        terminal.say(f"going on: {len(work.asked.shards) - len(todo)} of {len(work.asked.shards)} shards are done")
    if how.dry_run or price or seconds >= SAID_FROM:
        terminal.say_table(_rows(found, seconds, price, shards=(len(todo), len(work.asked.shards))))
    if not (how.dry_run or how.yes) and seconds >= ASKED_FROM and _terminal():
        click.confirm("Go on?", default=True, abort=True, err=True)
    return found


def _terminal() -> bool:
    """Say whether somebody is there to be asked, and wants to be."""
    return sys.stderr.isatty() and sys.stdin.isatty() and not voice.current().quiet


def _rows(found: Estimate, seconds: float, price: float | None, *, shards: tuple[int, int]) -> list[tuple[str, str]]:
    about = "" if found.exact else "about "
    rows = [
        ("texts to ask", f"{found.texts:,}, in {shards[0]:,} of {shards[1]:,} shards"),
        ("tokens", f"{about}{found.tokens:,}"),
    ]
    if found.seconds is not None:
        rows.append(("time", f"{_time(seconds, least=found.least)} went"))
    if price:
        rows.append(("cost", f"{about}{found.price(price):,.2f} at {price:,} a million tokens"))
    return rows


def _time(seconds: float, *, least: bool) -> str:
    said = _duration(seconds)
    return f"at least {said}, as the first requests" if least else f"about {said}, as the first batches"


def _duration(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= 2 * size), UNITS[-1])
    number = max(1, round(seconds / size))
    return f"{number:,} {unit if number > 1 else unit.removesuffix('s')}"


@contextlib.contextmanager
def kept(tables: Callable[[], Iterable[Path]]) -> Iterator[None]:
    """Say of a run that is interrupted between two models that the same command goes on, where tables are there."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if any(path.exists() for path in tables()):
            leaving.keep(stop)
        raise


@contextlib.contextmanager
def _kept(work: Work, how: Running) -> Iterator[None]:
    """Say of a run that ends early what it leaves."""
    try:
        yield
    except BaseException as stop:
        done, among = len(work.asked.shards) - len(work.missing()), len(work.asked.shards)
        if done and how.lasting:
            terminal.say(f"{done} of {among} shards are kept in {work.folder}; the same command goes on from there")
            leaving.keep(stop)
        raise


def _say_share(work: Work, out: Path) -> None:
    missing, among = len(work.missing()), len(work.asked.shards)
    rest = f"{missing:,} of {among:,} shards are still to come" if missing else "another run is still at work"
    terminal.say(f"share done; {rest}: the last share to end makes {out}, or the same command without --shard")

"""How is a long scoring done shard by shard, by one process or many, so that whoever is killed loses one shard at most?

The table is made of the shards alone (`provenance.shards`), so it has the same bytes however they came about.
"""

from __future__ import annotations

import functools
import itertools
import shutil
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from provenance import artifacts, processes, remote, scoring, shards, storage, suspects
from provenance.errors import MismatchError, SuspectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.remote import Cluster
    from provenance.suspects import Suspect
    from provenance.unfinished import Work

ROWS_AT_ONCE = 16_384
"""Rows of the table put together at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A suspect that several processes open for themselves."""

    name: str
    options: tuple[tuple[str, Any], ...]
    """Keyword arguments of `provenance.suspects.load`."""
    workers: int
    cluster: Cluster | None = None
    """Where they run; None is this machine."""


def run(
    work: Work,
    todo: Sequence[int],
    *,
    crew: Crew | None = None,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> None:
    """Ask about the shards that are to be done, and keep each as soon as it is answered.

    Parameters
    ----------
    crew
        Ask in several processes; None asks in this one.
    progress
        Called with (done, total) in tokens, of the shards that are to be done.

    Raises
    ------
    SuspectError
        If the suspect cannot be asked any more; what was done is kept.
    """
    sizes, done = work.asked.sizes, 0
    total = sum(sizes[index] for index in todo)
    if crew:
        _run_in_processes(work, todo, crew, progress)
        return
    for index in todo:
        report = shards.part_of(progress, before=done, own=sizes[index], total=total)
        shards.ask(_job(work, index), work.suspect, progress=report)
        done += sizes[index]


def merge(work: Work) -> bool:
    """Make the table if all shards are done and no other run is at work, and remove them; says whether it did."""
    if work.missing() or not work.alone():
        return False
    halved = sum(shards.strained(work.path(index)) for index in range(len(work.asked.shards)))
    header = scoring.strained(work.header, halved=halved)
    artifacts.write_batches(work.out, _batches(work), kind=scoring.SCORES, header=header)
    shutil.rmtree(work.folder)
    return True


def _run_in_processes(work: Work, todo: Sequence[int], crew: Crew, progress: Callable[[int, int | None], None]) -> None:
    sizes, done = work.asked.sizes, 0
    total = sum(sizes[index] for index in todo)
    jobs = ((crew, dict(work.suspect.identity), _job(work, index)) for index in todo)
    try:
        with remote.anywhere(
            _ask, jobs, workers=crew.workers, cluster=crew.cluster, environment=processes.ONE_THREAD
        ) as finished:
            for index, _ in zip(todo, finished, strict=True):
                done += sizes[index]
                progress(done, total)
    except BrokenProcessPool as error:
        raise SuspectError(
            "a process that asked the suspect was killed", expected="memory for every one", hint="fewer --workers"
        ) from error


def _ask(task: tuple[Crew, Mapping[str, Any], shards.Job]) -> None:
    """Do one shard in a process of its own, which opens the suspect once."""
    crew, identity, job = task
    model = _open(crew)
    if dict(model.identity) != dict(identity):
        raise MismatchError(f"{crew.name} is not the same in every process", expected="a model that nobody changes")
    if shards.finished(job.path, settings=job.told["settings"], texts=len(job.texts)):
        return  # by a process that died before it could say so
    shards.ask(job, model, progress=lambda _done, _total: None)


@functools.lru_cache(maxsize=1)
def _open(crew: Crew) -> Suspect:
    return suspects.load(crew.name, **dict(crew.options))


def _job(work: Work, index: int) -> shards.Job:
    told = {"shard": index, "settings": storage.digest_json(work.told), **work.suspect.identity}
    return shards.Job(texts=work.asked.shard(index), window=work.asked.window, path=work.path(index), told=told)


def _batches(work: Work) -> Iterator[pa.RecordBatch]:
    """Put every record's answer into the order of the records, a few thousand at a time."""
    asked, records = work.asked, iter(work.asked.records)
    stops = np.array([part.stop for part in asked.shards])
    for first in range(0, len(asked.rows), ROWS_AT_ONCE):
        rows = asked.rows[first : first + ROWS_AT_ONCE]
        answers = _taken(work, rows, np.searchsorted(stops, rows, side="right"))
        some = list(itertools.islice(records, len(rows)))
        named = {name: [getattr(record, name) for record in some] for name in ("id", "set", "variant", "view")}
        answered = {name: answers.column(name) for name in answers.column_names}
        yield from pa.table(named | answered, schema=scoring.SCORES.columns).to_batches()


def _taken(work: Work, rows: NDArray[np.int64], homes: NDArray[np.int64]) -> pa.Table:
    """Take texts' answers out of the shards they are in."""
    order = np.argsort(homes, kind="stable")
    parts = []
    for index in np.unique(homes):
        inside = rows[order][homes[order] == index] - work.asked.shards[index].start
        parts.append(shards.take(work.path(int(index)), inside))
    return pa.concat_tables(parts).combine_chunks().take(np.argsort(order))

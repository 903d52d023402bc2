"""How is a corpus marked part by part, by one process or several, so that a run that was killed can go on?

A part is some documents in a row. What it holds is decided by the corpus alone, and each is marked by itself, so that
one process or eight, killed or not, leave the same parts. A part counts as done when its table and, after it, the
table's digest are on the disk.
"""

from __future__ import annotations

import functools
import json
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from provenance import artifacts, remote, storage
from provenance.errors import InputError
from provenance.language import surprisal
from watermark import ledger, marking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from provenance.remote import Cluster
    from watermark.keys import Key
    from watermark.ledger import Marked
    from watermark.marking import Embedding, Task

MOST_DOCUMENTS, MOST_CHARACTERS = 256, 1_000_000
"""A part ends after so many of either; a document is never cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One part to mark."""

    tasks: tuple[Task, ...]
    path: Path
    """Where its table goes."""
    how: Embedding
    key: Key | None
    counts: Path | None
    """Word counts of the corpus, where they decide what is surprising."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part that is done."""

    path: Path
    documents: int
    opted_out: int
    foreign: int
    """Documents that are not English."""
    kept: int
    """Documents with the sites and deals of the previous release."""

    def marked(self) -> Iterator[Marked]:
        """Give its documents that have sites, in order."""
        return ledger.stream(self.path)


def cut(tasks: Iterable[Task]) -> Iterator[tuple[Task, ...]]:
    """Cut a stream of documents into parts."""
    part, characters = list[marking.Task](), 0
    for task in tasks:
        if part and (len(part) >= MOST_DOCUMENTS or characters + len(task.document.text) > MOST_CHARACTERS):
            yield tuple(part)
            part, characters = [], 0
        part.append(task)
        characters += len(task.document.text)
    if part:
        yield tuple(part)


def run(
    jobs: Iterable[Job], *, workers: int, cluster: Cluster | None = None, progress: Callable[[int], None]
) -> Iterator[Part]:
    """Mark every part that is not done yet, and give them all in order.

    Parameters
    ----------
    workers
        Processes; 1 works in this one.
    cluster
        Where they run; None is this machine.
    progress
        Called with how many documents a part had.

    Raises
    ------
    InputError
        If a process was killed, or several that had the same part; what was done is kept.
    """
    try:
        with remote.anywhere(_do, jobs, workers=workers, cluster=cluster) as done:
            for part in done:
                progress(part.documents)
                yield part
    except BrokenProcessPool as error:
        raise InputError(
            "a process that marked documents was killed",
            expected="memory for every one",
            hint="fewer --workers, --resume",
        ) from error


def _do(job: Job) -> Part:
    done = _finished(job.path)
    if done is None:
        _mark(job)
        done = _finished(job.path)
    if done is None:
        raise ValueError(f"{job.path}: a part that was just written does not read back")
    return done


def _mark(job: Job) -> None:
    tasks = _with_previous(job.tasks, job.how)
    open_to_marks = [marking.wanted(task) for task in tasks]
    found = marking.mark_all(tasks, key=job.key, embedding=job.how, surprise=_surprise(job.counts))
    tally = {
        "documents": len(tasks),
        "opted_out": sum(task.opted_out for task in tasks),
        "foreign": sum(not wanted and not task.opted_out for wanted, task in zip(open_to_marks, tasks, strict=True)),
        "kept": sum(task.before is not None for task in tasks),
    }
    rows = [ledger.to_row(one, recipient=job.how.recipient) for one in found if one.sites]
    artifacts.write(job.path, rows, kind=ledger.LEDGER, header=artifacts.Header(settings=tally))
    with storage.atomic(_seal(job.path)) as temporary:
        temporary.write_text(storage.digest(job.path), encoding="ascii")


def _finished(path: Path) -> Part | None:
    """Read back a part that is whole; None if it is missing, half written or damaged."""
    seal = _seal(path)
    if not (path.is_file() and seal.is_file() and storage.digest(path) == seal.read_text(encoding="ascii")):
        return None
    return Part(path=path, **artifacts.read_header(path, ledger.LEDGER).settings)


def _seal(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _with_previous(tasks: Sequence[Task], how: Embedding) -> list[Task]:
    """Give documents whose text has not changed the sites that they had."""
    if how.previous is None:
        return list(tasks)
    known = ledger.some(how.previous, [task.document.id for task in tasks])
    return [
        replace(task, before=found) if found and found.text == task.document.text and not task.opted_out else task
        for task, found in ((task, known.get(task.document.id)) for task in tasks)
    ]


def _surprise(counts: Path | None) -> Callable[[str], float]:
    return _counted(counts, counts.stat().st_mtime_ns) if counts is not None else surprisal.surprisal


@functools.lru_cache(maxsize=1)
def _counted(counts: Path, _written: int) -> Callable[[str], float]:
    """Read word counts once; another run in the same process may write others under the same name."""
    return surprisal.counted(json.loads(counts.read_text(encoding="utf-8")))

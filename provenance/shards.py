"""How is one shard of the questions asked and kept, and is what was kept still what was answered?

A shard is an Arrow file of what a suspect said of some texts, and beside it one line that says who was asked, under
which settings, and the digest of the file. It is done when both are there and the digest is right: whoever kills the
process, and wherever, the next one finds every shard either done or not there.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from provenance import artifacts, storage
from provenance.errors import InputError
from provenance.suspects import Strained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from provenance.records import Record, Score, Window
    from provenance.suspects import Suspect

ANSWER = pa.schema(
    [
        ("start", pa.int32()),
        ("tokens", pa.list_(pa.int32())),
        ("ends", pa.list_(pa.int32())),
        ("logprob", pa.list_(pa.float32())),
        ("mean", pa.list_(pa.float32())),
        ("sd", pa.list_(pa.float32())),
    ]
)
"""What a suspect says of one text, whoever asked and why."""
ROWS_AT_ONCE = 8_192
"""Answers that are held together: all of a shard, except of the one that a column's numbers are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One shard to ask and keep, as another process can be told of it."""

    texts: Sequence[Record]
    window: Window | None
    path: Path
    told: Mapping[str, Any]
    """What its line says of the whole scoring."""


def score_shard(
    texts: Sequence[Record], model: Suspect, *, window: Window | None, progress: Callable[[int, int | None], None]
) -> Iterator[Score]:
    """Ask about the texts of one shard; what comes back depends on them, the suspect and the window alone."""
    answers = 0
    for answers, answer in enumerate(model.score(texts, window=window, progress=progress), start=1):  # noqa: B007
        yield answer
    if answers != len(texts):
        raise ValueError(f"{answers} answers to {len(texts)} texts")


def ask(job: Job, model: Suspect, *, progress: Callable[[int, int | None], None]) -> None:
    """Ask about one shard and keep what is said, and how often memory did not suffice for it."""
    before = halved(model)
    answers = score_shard(job.texts, model, window=job.window, progress=progress)
    write(job, answers, halved=lambda: halved(model) - before)


def halved(model: Suspect) -> int:
    """Say how many batches a suspect has halved for want of memory."""
    return model.halved if isinstance(model, Strained) else 0


def part_of(
    progress: Callable[[int, int | None], None], *, before: int, own: int, total: int
) -> Callable[[int, int | None], None]:
    """Turn how far one shard is, in the suspect's units, into how far all shards are, in tokens."""
    return lambda done, among: progress(before + own * done // max(1, among or done), total)


def write(job: Job, answers: Iterable[Score], *, halved: Callable[[], int] = lambda: 0) -> None:
    """Keep what is said of a shard as it comes: first the table, then the line that vouches for it.

    Parameters
    ----------
    halved
        Says, once all was answered, how many batches were halved.
    """
    count, each = 0, iter(answers)
    with storage.atomic(job.path) as temporary, pa.ipc.new_file(str(temporary), ANSWER) as writer:
        while some := list(itertools.islice(each, ROWS_AT_ONCE)):
            columns = {name: [getattr(answer, name) for answer in some] for name in ANSWER.names}
            writer.write_table(pa.table(columns, schema=ANSWER))
            count += len(some)
    line = {"sha256": storage.digest(job.path), "texts": count, "tool": artifacts.TOOL, **job.told}
    line |= {"threads": os.environ.get("OMP_NUM_THREADS"), "halved": halved()}
    line["worker"] = f"{socket.gethostname()}:{os.getpid()}"
    with storage.atomic(_line(job.path)) as temporary:
        temporary.write_text(storage.dump_json(line, indent=None) + "\n", encoding="utf-8")


def finished(path: Path, *, settings: str, texts: int) -> bool:
    """Say whether a shard is whole and of these settings; a missing, half-written, damaged or foreign one is not."""
    try:
        line = json.loads(_line(path).read_text(encoding="utf-8"))
        return bool(
            isinstance(line, dict)
            and line.get("settings") == settings
            and line.get("texts") == texts
            and storage.digest(path) == line.get("sha256")
        )
    except (OSError, ValueError, InputError):
        return False


def strained(path: Path) -> int:
    """Say how many batches of a finished shard were halved for want of memory."""
    return int(json.loads(_line(path).read_text(encoding="utf-8")).get("halved", 0))


def read(path: Path) -> pa.Table:
    """Open a shard in place: its pages are the disk's until rows are taken."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def take(path: Path, rows: NDArray[np.int64]) -> pa.Table:
    """Give some rows of a shard; those that stand together, in their order, are not copied."""
    whole = read(path)
    together = bool((np.diff(rows) == 1).all())
    return whole.slice(int(rows[0]), len(rows)) if together else whole.take(rows)


def _line(path: Path) -> Path:
    return path.with_suffix(".json")

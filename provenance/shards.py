"""How is one shard of the questions asked and kept, and is what was kept still what was answered?

A shard is an Arrow file of what a suspect said of some texts, and beside it one line that says who was asked, under
which settings, and the digest of the file. It is done when both are there and the digest is right: whoever kills the
process, and wherever, the next one finds every shard either done or not there.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from provenance import artifacts, storage
from provenance.errors import InputError
from provenance.suspects import Strained

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One shard to ask and keep, as another process can be told of it."""

    texts: tuple[Record, ...]
    window: Window | None
    path: Path
    told: Mapping[str, Any]
    """What its line says of the whole scoring."""


def score_shard(
    texts: Sequence[Record], model: Suspect, *, window: Window | None, progress: Callable[[int, int | None], None]
) -> list[Score]:
    """Ask about the texts of one shard; what comes back depends on them, the suspect and the window alone."""
    answers = list(model.score(texts, window=window, progress=progress))
    if len(answers) != len(texts):
        raise ValueError(f"{len(answers)} answers to {len(texts)} texts")
    return answers


def ask(job: Job, model: Suspect, *, progress: Callable[[int, int | None], None]) -> None:
    """Ask about one shard and keep what is said, and how often memory did not suffice for it."""
    before = halved(model)
    answers = score_shard(job.texts, model, window=job.window, progress=progress)
    write(job, answers, halved=halved(model) - before)


def halved(model: Suspect) -> int:
    """Say how many batches a suspect has halved for want of memory."""
    return model.halved if isinstance(model, Strained) else 0


def part_of(
    progress: Callable[[int, int | None], None], *, before: int, own: int, total: int
) -> Callable[[int, int | None], None]:
    """Turn how far one shard is, in the suspect's units, into how far all shards are, in tokens."""
    return lambda done, among: progress(before + own * done // max(1, among or done), total)


def write(job: Job, answers: Sequence[Score], *, halved: int = 0) -> None:
    """Keep what was said of a shard: first the table, then the line that vouches for it."""
    columns = {name: [getattr(answer, name) for answer in answers] for name in ANSWER.names}
    table = pa.table(columns, schema=ANSWER)
    with storage.atomic(job.path) as temporary, pa.ipc.new_file(str(temporary), ANSWER) as writer:
        writer.write_table(table)
    line = {"sha256": storage.digest(job.path), "texts": len(answers), "tool": artifacts.TOOL, **job.told}
    line |= {"threads": os.environ.get("OMP_NUM_THREADS"), "halved": halved}
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


def _line(path: Path) -> Path:
    return path.with_suffix(".json")

"""Which rows did every completed optimizer step use, and what is left of that after a kill?

One JSON line a step, handed to the operating system before the next step begins, so that a killed process loses
nothing that was committed. A line that a kill cut short was never committed. A run that resumes from a checkpoint cuts
the log back to that checkpoint: what the killed run did after it became part of no model.
"""

from __future__ import annotations

import collections
import itertools
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from provenance import storage
from provenance.errors import ArtifactError, InputError, MismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA = "provtool/training-log/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One completed optimizer step."""

    step: int
    """Counted from 1, as trainers count."""
    epoch: int
    """Counted from 0."""
    end: int
    """How many of the epoch's draws are used up after this step."""
    rows: tuple[int, ...]
    """Row numbers in the order drawn; none where the step was skipped because gradients overflowed."""
    places: tuple[int, ...] | None = None
    """Where these stood among all rows of the step, if the log keeps only a sample of them."""
    of: int | None = None
    """How many rows the step used, if the log keeps only a sample of them."""

    @property
    def size(self) -> int:
        """How many rows the step used."""
        return len(self.rows) if self.of is None else self.of


def start(path: Path, about: Mapping[str, Any]) -> None:
    """Begin a new log; one that an earlier run left is set aside as ``….1``, ``….2``, never overwritten."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.rename(_free_name(path))
        path.write_bytes(_line({"schema": SCHEMA, **about}))
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", path=path) from error


def append(path: Path, step: Step) -> None:
    """Commit a step."""
    with path.open("ab") as stream:
        stream.write(_line({name: value for name, value in asdict(step).items() if value is not None}))


def sync(path: Path) -> None:
    """Bring the log to the disk itself, for the time a checkpoint is written that relies on it."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def resume(path: Path, about: Mapping[str, Any], *, step: int) -> Step:
    """Cut the log back to the first `step` steps and give the last of them.

    Raises
    ------
    InputError
        If there is no log, or it ends before that step.
    MismatchError
        If it is the log of other rows or of another seed.
    """
    if not path.is_file():
        raise InputError(
            f"no such file, and the run resumes after step {step}",
            path=path,
            expected="the log that the run left when it was recorded up to there",
        )
    _refuse_other(path, about)
    tail = collections.deque(itertools.islice(_steps(path), step), maxlen=1)
    kept = tail[0][0].step if tail else 0
    if kept < step:
        raise InputError(
            f"ends after step {kept}, and the run resumes after step {step}",
            path=path,
            hint=f"a checkpoint of step {kept} or earlier",
        )
    last, size = tail[0]
    os.truncate(path, size)
    return last


def read(path: Path, about: Mapping[str, Any]) -> tuple[dict[str, Any], Iterator[Step]]:
    """Give what a log says about itself, and every step committed to it.

    Raises
    ------
    InputError
        If there is no log.
    MismatchError
        If it is the log of other rows.
    """
    if not path.is_file():
        raise InputError("no such file: no step of this run was recorded", path=path)
    return _refuse_other(path, about), (step for step, _ in _steps(path))


def _steps(path: Path) -> Iterator[tuple[Step, int]]:
    """Give every committed step and the size of the log up to its end."""
    with path.open("rb") as stream:
        size = len(stream.readline())
        for number, line in enumerate(stream, start=2):
            if not line.endswith(b"\n"):
                return
            size += len(line)
            yield _parse(line, path=path, number=number), size


def _parse(line: bytes, *, path: Path, number: int) -> Step:
    try:
        value = json.loads(line)
        lists = {name: tuple(value[name]) for name in ("rows", "places") if name in value}
        return Step(**{**value, **lists})
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError("not a step of a training log", path=path, line=number) from error


def _refuse_other(path: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    with path.open("rb") as stream:
        first = stream.readline().decode(errors="replace")
    found = storage.parse_json(first, schema=SCHEMA, path=path)
    for name, value in about.items():
        if found.get(name) != value:
            raise MismatchError(
                f"this log has {name} {found.get(name)!r}, the run that resumes has {value!r}",
                path=path,
                hint="the same ids and seed, or another place for the transcript",
            )
    return found


def _line(value: Mapping[str, Any]) -> bytes:
    return storage.dump_json(value, indent=None).encode() + b"\n"


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.{number}") for number in itertools.count(1))
    return next(name for name in names if not name.exists())

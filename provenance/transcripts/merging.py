"""Which rows did every step use, when several processes took part in it and each wrote down its own?

A step counts once all processes have completed it: what a kill let some of them do alone became part of no model. The
rows of a step stand in the order in which they were dealt, one of each process in turn.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.errors import InputError, MismatchError
from provenance.transcripts import log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def shard(out: Path, *, rank: int, of: int) -> Path:
    """Name the log of one process."""
    return Path(f"{out}.rank{rank}.log" if of > 1 else f"{out}.log")


def processes() -> int:
    """Count the processes that train together with this one, as far as torch knows, without loading torch."""
    group = sys.modules.get("torch.distributed")
    return group.get_world_size() if group and group.is_available() and group.is_initialized() else 1


def role(path: Path) -> str:
    """Say which log of a run this is: ``log``, or ``rank0.log`` and so on.

    Examples
    --------
    >>> role(Path("run.parquet.rank1.log"))
    'rank1.log'
    """
    part = Path(path.stem).suffix.removeprefix(".")
    return f"{part}.log" if part.startswith("rank") else "log"


def read(
    paths: Sequence[Path], about: Mapping[str, Any], *, completed: int
) -> tuple[dict[str, Any], Iterator[log.Step]]:
    """Give what the logs of all processes say about the run, and every step that all of them completed.

    Parameters
    ----------
    completed
        How many steps the asking process knows of: where another's log ends earlier, that one has not caught up.

    Raises
    ------
    InputError
        If a log is missing, or ends before the step that the asking process completed last.
    MismatchError
        If a log is of other rows, of another number of processes, or of another run.
    """
    several = len(paths) > 1
    found = [
        log.read(path, {**about, "process": [rank, len(paths)] if several else None}) for rank, path in enumerate(paths)
    ]
    header = found[0][0]
    for path, (other, _) in zip(paths, found, strict=True):
        if other.get("shuffle") != header.get("shuffle"):
            raise MismatchError(
                f"this log has shuffle {other.get('shuffle')!r}, and {paths[0]} has {header.get('shuffle')!r}",
                path=path,
                expected="logs of one run",
            )
    return header, _together(paths, [steps for _, steps in found], completed)


def _together(paths: Sequence[Path], shards: Sequence[Iterator[log.Step]], completed: int) -> Iterator[log.Step]:
    done = 0
    for done, parts in enumerate(zip(*shards, strict=False), start=1):
        for path, part in zip(paths, parts, strict=True):
            if (part.step, part.epoch) != (parts[0].step, parts[0].epoch):
                raise MismatchError(
                    f"step {part.step} of epoch {part.epoch}",
                    path=path,
                    line=done + 1,
                    expected=f"step {parts[0].step} of epoch {parts[0].epoch}, as in {paths[0]}",
                )
        yield _interleaved(parts) if len(parts) > 1 else parts[0]
    if done < completed:
        raise InputError(
            f"after step {done} the log of one process ends, and this one has completed {completed}",
            path=paths[0],
            expected="all processes at the same step",
            hint="torch.distributed.barrier() before run.finish(), or, after a kill, a new Run and its finish",
        )


def _interleaved(parts: Sequence[log.Step]) -> log.Step:
    sizes = [part.size for part in parts]
    rows = sorted(
        (sum(min(size, place + (other < rank)) for other, size in enumerate(sizes)), row)
        for rank, part in enumerate(parts)
        for place, row in zip(part.places or range(len(part.rows)), part.rows, strict=True)
    )
    return log.Step(
        step=parts[0].step,
        epoch=parts[0].epoch,
        end=max(part.end for part in parts),
        rows=tuple(row for _, row in rows),
        places=tuple(place for place, _ in rows),
        of=sum(sizes),
    )

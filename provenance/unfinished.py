"""What is left of a scoring that was interrupted, and may this run go on from it?

Beside the table ``SCORES`` stands the folder ``SCORES.shards`` until the table is whole: the settings, a lock, and the
shards that are done (`provenance.shards`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts, shards, storage
from provenance.errors import InputError, MismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from provenance.questions import Questions
    from provenance.suspects import Suspect

SCHEMA = "provtool/shards/1"
SETTINGS, LOCK = "settings.json", "lock"
NAMES = {"texts": "lot of texts", "inputs": "set of files", "tool": "version"}
"""How messages call a setting whose own name would not say it."""
SHOWN = 40
"""Letters of a setting that a message shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which of the shards one of several runs asks: every `of`-th, the `number`-th first (from 1)."""

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ValueError(f"share {self.number}/{self.of}")

    def has(self, index: int) -> bool:
        """Say whether a shard is in this share."""
        return index % self.of == self.number - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A scoring under way, whose folder this process may use."""

    asked: Questions
    suspect: Suspect
    header: artifacts.Header
    told: Mapping[str, Any]
    """Everything that decides the bytes of the shards."""
    folder: Path
    out: Path
    lock: int | None
    """Open file whose lock says that a run is at work in the folder; None where the disk knows no locks."""
    share: Share | None
    """Which of the shards are this run's; None is all, and no other run is at work."""

    def path(self, index: int) -> Path:
        """Say where a shard is kept."""
        return self.folder / f"{index:06}.arrow"

    def missing(self) -> list[int]:
        """Find the shards that are not done, or damaged."""
        settings = storage.digest_json(self.told)
        parts = enumerate(self.asked.shards)
        return [
            index for index, part in parts if not shards.finished(self.path(index), settings=settings, texts=len(part))
        ]

    def todo(self) -> list[int]:
        """Find those that this run has to ask about."""
        return [index for index in self.missing() if self.share is None or self.share.has(index)]

    def alone(self) -> bool:
        """Make sure that no other run is at work; of several that end together, the last one is alone."""
        return self.share is None or (self.lock is not None and _lock(self.lock, fcntl.LOCK_EX) is True)


@contextlib.contextmanager
def opened(
    asked: Questions,
    suspect: Suspect,
    *,
    header: artifacts.Header,
    out: str | os.PathLike[str],
    settings: Mapping[str, Any] | None = None,
    share: Share | None = None,
) -> Iterator[Work]:
    """Give a scoring to begin or to go on with; its folder goes if nothing is done when the block ends.

    Parameters
    ----------
    header
        What the table says of itself, `provenance.scoring.header`.
    settings
        What else changes the answers, such as how many tokens share a batch.
    share
        Given, other runs may be at work in the folder at the same time.

    Raises
    ------
    MismatchError
        If shards are there that were scored under other settings.
    InputError
        If another run is at work there, or nothing can be written.
    """
    told = {**header.settings["suspect"], "rendering": asked.rendering, "window": header.settings["window"]}
    told |= {"texts": asked.sha256, "inputs": dict(header.inputs), "tool": header.tool, **(settings or {})}
    folder = place(out)
    with _locked(folder, shared=share is not None) as lock:
        _check(folder / SETTINGS, told)
        yield Work(
            asked=asked, suspect=suspect, header=header, told=told, folder=folder, out=Path(out), lock=lock, share=share
        )


def place(out: str | os.PathLike[str]) -> Path:
    """Say where the shards of a table are kept until it is whole."""
    return Path(f"{os.fspath(out)}.shards")


def _check(path: Path, told: Mapping[str, Any]) -> None:
    """Say what differs from the run that began this folder."""
    if not path.exists():
        storage.write_json(path, {"schema": SCHEMA, **told})
        return
    before = storage.read_json(path, schema=SCHEMA)
    now = json.loads(storage.dump_json(told))
    if differing := [name for name in {**before, **now} if name != "schema" and before.get(name) != now.get(name)]:
        said = (f"{NAMES.get(name, name)} ({_short(before, name)}, now {_short(now, name)})" for name in differing)
        raise MismatchError(
            f"an interrupted run was scored with another {', another '.join(said)}",
            path=path.parent,
            expected="the same settings, suspect and records",
            hint="another --out, or remove the folder to start again",
        )


def _short(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    text = "none" if value is None else str(value)
    return text if len(text) <= SHOWN else f"{text[:12]}…"


@contextlib.contextmanager
def _locked(folder: Path, *, shared: bool) -> Iterator[int | None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", path=folder) from error
    try:
        held = _lock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        if held is False:
            raise InputError("another run is at work there", path=folder, hint="waiting, or --shard I/N for each")
        try:
            yield None if held is None else handle
        finally:
            if not any(folder.glob("*.arrow")) and _lock(handle, fcntl.LOCK_EX):
                shutil.rmtree(folder, ignore_errors=True)  # nothing is done, so nothing is lost
    finally:
        os.close(handle)


def _lock(handle: int, how: int) -> bool | None:
    """Take a lock, or take it over; None where the disk knows no locks."""
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True

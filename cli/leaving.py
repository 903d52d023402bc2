"""How is a run ended from outside, and what is then said?

SIGTERM (a scheduler's time limit) and SIGHUP (a closed terminal) end a run as Ctrl-C does: what was begun is tidied up,
what was done is kept, and the command to go on with is said.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    import click

HEEDED = (signal.SIGTERM, signal.SIGHUP)
KEPT = "provtool: kept "
"""How the note begins that an interrupt carries from where work is kept."""


class Ended(KeyboardInterrupt):
    """Another signal than Ctrl-C's, which wants the same."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def heeding() -> Iterator[None]:
    """Let signals that end a run reach it as Ctrl-C does, but for those that are switched off, as by nohup."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in HEEDED}
    for number, how in before.items():
        if how is signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, how in before.items():
            signal.signal(number, how)


def _end(number: int, _frame: FrameType | None) -> None:
    raise Ended(number)


def keep(stop: BaseException, *more: str) -> None:
    """Note at an interrupt that work is kept, and what stands behind the same command to go on with it."""
    stop.add_note(KEPT + shlex.join(more))


def farewell(stop: BaseException, arguments: Sequence[str]) -> Iterator[str]:
    """Say how a run that was interrupted can be taken up."""
    noted = [note.removeprefix(KEPT) for note in getattr(stop, "__notes__", ()) if note.startswith(KEPT)]
    again = shlex.join(["provtool", *arguments]) + "".join(f" {more}" for more in noted[:1] if more)
    yield "provtool: interrupted; no half-written output was left behind"
    yield f"{'go on' if noted else 'start again'} with: {again}"


def code(stop: BaseException) -> int:
    """Give the exit code of a run that a signal ended, as shells do."""
    return 128 + (stop.number if isinstance(stop, Ended) else signal.SIGINT)


def cause(stop: click.Abort | KeyboardInterrupt) -> BaseException | None:
    """Give what interrupted a run; None if its user answered no."""
    return stop if isinstance(stop, KeyboardInterrupt) else stop.__cause__


def nobody_reads() -> bool:
    """Ask whether who read standard output has gone, as ``head`` does."""
    watch = select.poll()
    try:
        watch.register(sys.stdout.fileno(), select.POLLOUT)
    except (OSError, ValueError):
        return False
    return any(events & select.POLLERR for _, events in watch.poll(0))


def let_go() -> None:
    """Write what standard output still holds, or drop it where it takes no more: Python would try again at the end."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)

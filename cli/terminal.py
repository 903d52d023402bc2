"""How do long work and short news show themselves on a terminal, in a pipe, and to who wants to hear nothing?

A bar is drawn where somebody looks at it, whatever ``FORCE_COLOR`` says; elsewhere there are whole lines, and seldom.
Rich honours ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM=dumb`` for colours.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.table import Table
from rich.text import Text

from cli import ticker, voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.progress import Task

STDERR, STDOUT = Console(stderr=True), Console()


class _Rate(ProgressColumn):
    """Units a second."""

    def render(self, task: Task) -> Text:
        """Show the speed once there is one."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} {task.fields['unit']}/s")


@contextlib.contextmanager
def progress(what: str, *, unit: str) -> Iterator[Callable[[int, int | None], None]]:
    """Give a function ``report(done, total)`` that shows on stderr how far the work is."""
    began, last = time.monotonic(), 0
    with _drawn(what, unit=unit) if _can_draw() else contextlib.nullcontext(_told(what, unit=unit)) as show:

        def report(done: int, total: int | None) -> None:
            nonlocal last
            last = done
            show(done, total)

        yield report
    detail(f"{what}: {last:,} {unit} in {ticker.spell(time.monotonic() - began)}")


def _can_draw() -> bool:
    """Say whether somebody looks at stderr and it can move its cursor."""
    return STDERR.file.isatty() and not STDERR.is_dumb_terminal and not voice.current().quiet


@contextlib.contextmanager
def _drawn(what: str, *, unit: str) -> Iterator[Callable[[int, int | None], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    with Progress(*columns, _Rate(), TimeLeft(), console=STDERR, transient=True) as bar:
        task = bar.add_task(what, total=None, unit=unit)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def plain(text: str) -> str:
    """Show control characters of somebody else's words as such: they can neither hide a line nor write one."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _told(what: str, *, unit: str) -> Callable[[int, int | None], None]:
    return ticker.ticking(what, unit=unit, tell=say)


def say(line: str | Text) -> None:
    """Print one line of news on stderr as it is: never broken, since it may hold a path or a command to copy."""
    if not voice.current().quiet:
        complain(line)


def complain(line: str | Text) -> None:
    """Print one line on stderr that is said also to who wants to hear nothing else: a mistake."""
    STDERR.print(line, soft_wrap=True, markup=False, highlight=False)


def detail(line: str) -> None:
    """Print one line on stderr for who wants to hear all."""
    if voice.current().verbose:
        STDERR.print(line, soft_wrap=True, markup=False, highlight=False, style="dim")


def say_table(rows: Sequence[tuple[str, str | Text]], *, on: Console = STDERR) -> None:
    """Print what is what, aligned; what is too wide goes on below itself, and brackets are only brackets."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(Text(name), Text(value) if isinstance(value, str) else value)
    show(grid, on=on)


def show(table: Table, *, on: Console = STDERR) -> None:
    """Print a table; on stderr it is news, on standard output it was asked for."""
    if on is STDOUT or not voice.current().quiet:
        on.print(table, highlight=False)

"""How do long work and short news show themselves on a terminal, and keep quiet in a pipe?"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.table import Table
from rich.text import Text

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
    """Give a function ``report(done, total)`` that draws a bar with speed and time left on stderr.

    Where stderr is no terminal nothing is drawn, so that logs and pipes stay readable.
    """
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TimeLeft(),
        console=STDERR,
        transient=True,
        disable=not STDERR.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=None, unit=unit)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def say(line: str) -> None:
    """Print one line on stderr as it is: never broken, since it may hold a path or a command to copy."""
    STDERR.print(line, soft_wrap=True, markup=False, highlight=False)


def say_table(rows: Sequence[tuple[str, str | Text]], *, on: Console = STDERR) -> None:
    """Print what is what, aligned; what is too wide goes on below itself, and brackets are only brackets."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value) if isinstance(value, str) else value)
    on.print(table, highlight=False)

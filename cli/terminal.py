"""How does long work show itself on a terminal, and keep quiet in a pipe?"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task

STDERR = Console(stderr=True)


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
        TextColumn("{task.description}"),
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

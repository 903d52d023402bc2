"""How is work done by several processes, in order, in bounded memory, with none of them left behind?"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import connection
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from multiprocessing.connection import Connection

J = TypeVar("J")
R = TypeVar("R")
AHEAD = 2
"""Jobs waiting for each process, so that none idles and memory stays bounded."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Environment of processes that share out the cores among themselves, unless the user says otherwise."""


@contextlib.contextmanager
def in_order(
    function: Callable[[J], R], jobs: Iterable[J], *, workers: int, environment: Mapping[str, str] | None = None
) -> Iterator[Iterator[R]]:
    """Do every job, and give what comes of it in the order of the jobs.

    Parameters
    ----------
    function
        Importable from its module, since the processes start anew.
    workers
        Processes; 1 works in this one.
    environment
        Variables that the processes find set unless they were set before.

    Raises
    ------
    BrokenProcessPool
        If a process was killed.
    """
    if workers == 1:
        yield map(function, jobs)
        return
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    serve = functools.partial(_serve, dict(environment or {}))
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=serve, initargs=(reader,))
    with contextlib.ExitStack() as stack:
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        # Whoever leaves early does not wait for jobs that may take an hour: the processes end with the pipe.
        stack.push(lambda kind, *_: None if kind is None else writer.close())
        yield _results(pool, function, iter(jobs), ahead=AHEAD * workers)


def _results(pool: ProcessPoolExecutor, function: Callable[[J], R], jobs: Iterator[J], *, ahead: int) -> Iterator[R]:
    waiting = deque(pool.submit(function, job) for job in islice(jobs, ahead))
    while waiting:
        yield waiting.popleft().result()
        waiting += [pool.submit(function, job) for job in islice(jobs, 1)]


def _serve(environment: Mapping[str, str], open_while_wanted: Connection) -> None:
    """Leave Ctrl-C to the process that asked, and go when it is gone: it cannot say so when it was killed."""
    for name, value in environment.items():
        os.environ.setdefault(name, value)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(open_while_wanted,), daemon=True).start()


def _follow(open_while_wanted: Connection) -> None:
    asking = multiprocessing.parent_process()
    if asking is not None:
        connection.wait([asking.sentinel, open_while_wanted])
        os._exit(1)

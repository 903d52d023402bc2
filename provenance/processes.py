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
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
    serve = functools.partial(_serve, dict(environment or {}))
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=serve)
    try:
        yield _results(pool, function, iter(jobs), ahead=AHEAD * workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _results(pool: ProcessPoolExecutor, function: Callable[[J], R], jobs: Iterator[J], *, ahead: int) -> Iterator[R]:
    waiting = deque(pool.submit(function, job) for job in islice(jobs, ahead))
    while waiting:
        yield waiting.popleft().result()
        waiting += [pool.submit(function, job) for job in islice(jobs, 1)]


def _serve(environment: Mapping[str, str]) -> None:
    """Leave Ctrl-C to the process that asked, and go when it is gone: it cannot say so when it was killed."""
    for name, value in environment.items():
        os.environ.setdefault(name, value)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    asking = multiprocessing.parent_process()
    if asking is not None:
        asking.join()
        os._exit(1)

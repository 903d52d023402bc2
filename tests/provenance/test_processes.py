"""Work done by several processes comes back in order, and none of them is left behind."""

import math
import multiprocessing
import os
import time
from concurrent.futures.process import BrokenProcessPool

import pytest

from provenance import processes

LONG = 600
"""Seconds that no test takes."""


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_jobs(workers):
    """However many processes there are, and more jobs than they are given ahead."""
    jobs = [number**2 for number in range(5 * processes.AHEAD * workers)]
    with processes.in_order(math.isqrt, jobs, workers=workers) as done:
        assert list(done) == list(range(len(jobs)))


def test_whoever_leaves_early_does_not_wait(recwarn):
    """Ctrl-C ends the processes in the middle of their jobs."""

    def interrupt(done):
        next(done)
        raise KeyboardInterrupt

    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt), processes.in_order(time.sleep, [0, LONG, LONG], workers=2) as done:
        interrupt(done)
    assert time.monotonic() - before < LONG / 10
    assert not multiprocessing.active_children()
    assert not recwarn


def test_a_process_that_dies_is_an_error():
    """A process that was killed does not leave the others waiting."""
    with pytest.raises(BrokenProcessPool), processes.in_order(os._exit, [1], workers=2) as done:
        next(done)


def test_processes_find_the_environment_unless_the_user_says_otherwise(monkeypatch):
    """A variable is set where it was not set before."""
    monkeypatch.setenv("PROVTOOL_ONE", "theirs")
    wanted = {"PROVTOOL_ONE": "ours", "PROVTOOL_TWO": "ours"}
    with processes.in_order(os.getenv, sorted(wanted), workers=2, environment=wanted) as done:
        assert list(done) == ["theirs", "ours"]
    assert os.getenv("PROVTOOL_TWO") is None

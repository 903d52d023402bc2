"""Which of several actors does which job, and what becomes of a job whose actor died?

Ray would start a dead actor again and give it its jobs again, but where a node went away there may be no room for it,
and its jobs would wait for ever. Here they go to whichever actor is up; a new one joins as soon as there is room.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections import deque
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from provenance.errors import InputError, ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

R = TypeVar("R")
AHEAD = 2
"""Jobs given to an actor at once, so that none waits for the next."""
AHEAD_OF_ALL = 64
"""Results an actor, on average, that may wait for an earlier one, such as one that a dead node took along."""
LIVES = 3
"""How often a job is given again after its actor died, and an actor started again that does not come up."""


class Actor:
    """Does jobs in a process of its own, somewhere."""

    def __init__(self, environment: Mapping[str, str], folder: str) -> None:
        for name, value in environment.items():
            os.environ.setdefault(name, value)
        with contextlib.suppress(OSError):  # a node without it can still open what has an absolute name
            os.chdir(folder)

    def up(self) -> None:
        """Answer as soon as this actor is up."""

    def do(self, function: Callable[[Any], Any], job: Any) -> Any:
        """Do one job; a user's mistake is given back as it is, since Ray would wrap it."""
        try:
            return function(job)
        except ProvenanceError as error:
            return _Failed(error)


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    number: int
    job: Any
    deaths: int = 0
    """Actors that died with it in hand."""


class Troupe:
    """Actors, and what each has in hand.

    Parameters
    ----------
    ray
        The module, connected to a cluster.
    start
        Asks for one actor, which may take its time to come up.
    """

    def __init__(self, ray: Any, start: Callable[[], Any], *, workers: int) -> None:
        self._ray, self._start, self._size = ray, start, workers
        self._actors = dict[int, Any]()
        self._hands = dict[int, int]()  # jobs in hand, of actors that are up
        self._awaited = dict[Any, tuple[int, _Task | None]]()  # by what Ray will answer; no task: that one is up
        self._ids = itertools.count()
        self._stillborn = 0
        for _ in range(workers):
            self._hire()

    def results(self, function: Callable[[Any], R], jobs: Iterator[Any]) -> Iterator[R]:
        """Do every job, and give what comes of it in the order of the jobs."""
        tasks = (_Task(number=number, job=job) for number, job in enumerate(jobs))
        queue, done, turn = deque[_Task](), dict[int, Any](), 0
        while True:
            if not queue and len(done) < AHEAD_OF_ALL * self._size:
                queue.extend(itertools.islice(tasks, 1))
            free = self._free()
            if queue and free is not None:
                self._give(free, function, queue.popleft())
                continue
            if not queue and not any(task for _, task in self._awaited.values()):
                return
            queue.extendleft(self._settle(done))
            while turn in done:
                yield _taken(done.pop(turn))
                turn += 1

    def dismiss(self) -> None:
        """Let every actor go, whatever it has in hand."""
        for number in list(self._actors):
            self._drop(number)

    def _hire(self) -> None:
        number = next(self._ids)
        self._actors[number] = self._start()
        self._awaited[self._actors[number].up.remote()] = number, None

    def _drop(self, number: int) -> None:
        self._hands.pop(number, None)
        self._ray.kill(self._actors.pop(number))

    def _free(self) -> int | None:
        """Find the actor with the fewest jobs in hand, if one has room."""
        free = min(self._hands, key=self._hands.__getitem__, default=None)
        return free if free is not None and self._hands[free] < AHEAD else None

    def _give(self, number: int, function: Callable[[Any], Any], task: _Task) -> None:
        self._hands[number] += 1
        self._awaited[self._actors[number].do.remote(function, task.job)] = number, task

    def _settle(self, done: dict[int, Any]) -> Iterator[_Task]:
        """Wait for one answer and keep it; gives the job that has to be given again."""
        (reference,), _ = self._ray.wait(list(self._awaited), num_returns=1)
        number, task = self._awaited.pop(reference)
        answer = self._answer(reference)
        if isinstance(answer, _Died):
            self._bury(number, task, answer)
            if task and task.deaths < LIVES:
                yield replace(task, deaths=task.deaths + 1)
            elif task:
                done[task.number] = _Failed(BrokenProcessPool(answer.why))
        elif task is None:
            self._hands[number], self._stillborn = 0, 0
        else:
            done[task.number] = answer
            if number in self._hands:
                self._hands[number] -= 1

    def _answer(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            return _Failed(error.cause)
        except self._ray.exceptions.RayError as error:
            return _Died(_last_line(error))

    def _bury(self, number: int, task: _Task | None, died: _Died) -> None:
        """Ask for another actor in place of one that died, once, whatever it had in hand."""
        if number not in self._actors:
            return
        self._stillborn += task is None
        if self._stillborn > LIVES:
            raise InputError(f"no worker starts on the cluster ({died.why})", expected="provtool on every node")
        self._drop(number)
        self._hire()


@dataclass(frozen=True, slots=True)
class _Died:
    why: str


def _taken(answer: Any) -> Any:
    if isinstance(answer, _Failed):
        raise answer.error
    return answer


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__

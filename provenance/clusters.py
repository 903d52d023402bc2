"""How is work done by actors on a Ray cluster, in order, so that whoever dies costs one job and no result?

The engine is Ray's: an actor a device, started again where it dies, its job given to it again. What a job leaves behind
is the job's own: shards and parts are files that appear whole or not at all, so one that was done twice is there once.
The nodes must see the disk on which they are written, and have provtool installed.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections import deque
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from provenance import processes
from provenance.errors import InputError, ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

J = TypeVar("J")
R = TypeVar("R")
AHEAD = 2
"""Jobs given to an actor at once, so that none waits for the next."""
LIVES = 3
"""How often an actor is started again, and a job given again."""
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_DEDUP_LOGS": "0"}
"""Ray tells nobody that it was used, and says nothing of what it will change one day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A Ray cluster."""

    address: str | None = None
    """Where it is: ``auto`` or ``ray://HOST:PORT``; None starts one on this machine, for as long as the work lasts."""


class Actor:
    """Does jobs in a process of its own, somewhere."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        for name, value in environment.items():
            os.environ.setdefault(name, value)

    def do(self, function: Callable[[Any], Any], job: Any) -> Any:
        """Do one job; a user's mistake is given back as it is, since Ray would wrap it."""
        try:
            return function(job)
        except ProvenanceError as error:
            return _Failed(error)


@dataclass(frozen=True, slots=True)
class _Failed:
    error: ProvenanceError


@contextlib.contextmanager
def in_order(
    function: Callable[[J], R],
    jobs: Iterable[J],
    *,
    workers: int,
    cluster: Cluster,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Iterator[R]]:
    """Do every job on a cluster, and give what comes of it in the order of the jobs, as `processes.in_order` does.

    Parameters
    ----------
    function
        Importable from its module on every node.
    workers
        Actors; each has a GPU where the cluster has enough of them, else a CPU.

    Raises
    ------
    InputError
        If Ray is not installed, the cluster cannot be reached, or it has fewer devices than there are workers.
    BrokenProcessPool
        If an actor died too often.
    """
    with _connected(cluster, workers) as ray:
        gpus = ray.cluster_resources().get("GPU", 0) >= workers
        if not gpus and ray.cluster_resources().get("CPU", 0) < workers:
            raise InputError(
                f"the cluster has {ray.cluster_resources().get('CPU', 0):g} CPUs", expected=f"{workers}, one a worker"
            )
        kind = ray.remote(Actor).options(
            num_cpus=0 if gpus else 1, num_gpus=1 if gpus else 0, max_restarts=LIVES, max_task_retries=LIVES
        )
        actors = [kind.remote(dict(environment or {})) for _ in range(workers)]
        try:
            yield _results(ray, actors, function, iter(jobs))
        finally:
            for actor in actors:
                ray.kill(actor)


def _results(ray: Any, actors: list[Any], function: Callable[[J], R], jobs: Iterator[J]) -> Iterator[R]:
    """Keep every actor busy with a few jobs, and give results in the order of the jobs."""
    waiting, busy = deque[Any](), dict[Any, int]()
    try:
        for job in jobs:
            free = _least(ray, actors, busy)
            reference = actors[free].do.remote(function, job)
            busy[reference] = free
            waiting.append(reference)
            while waiting and _is_done(ray, waiting[0]):
                yield _taken(ray, waiting.popleft())
        while waiting:
            yield _taken(ray, waiting.popleft())
    except ray.exceptions.RayActorError as error:
        raise BrokenProcessPool(str(error)) from error
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None


def _least(ray: Any, actors: list[Any], busy: dict[Any, int]) -> int:
    """Wait until an actor has room, and give the one with the fewest jobs."""
    while True:
        for reference in [one for one in busy if _is_done(ray, one)]:
            del busy[reference]
        counts = [list(busy.values()).count(index) for index in range(len(actors))]
        free = min(range(len(actors)), key=counts.__getitem__)
        if counts[free] < AHEAD:
            return free
        ray.wait(list(busy), num_returns=1)


def _is_done(ray: Any, reference: Any) -> bool:
    done, _ = ray.wait([reference], num_returns=1, timeout=0)
    return bool(done)


def _taken(ray: Any, reference: Any) -> Any:
    answer = ray.get(reference)
    if isinstance(answer, _Failed):
        raise answer.error
    return answer


@contextlib.contextmanager
def _connected(cluster: Cluster, workers: int) -> Iterator[Any]:
    """Join a cluster, or start one on this machine; a session that was there before stays."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise InputError("ray is not installed", expected="pip install -c constraints.txt 'provtool[ray]'") from error
    if ray.is_initialized():
        yield ray
        return
    how: dict[str, Any] = {"address": cluster.address} if cluster.address else {"address": "local", "num_cpus": workers}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Ray will change one day is not the user's to mend
            ray.init(**how, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(
            f"no Ray cluster at {cluster.address} ({str(error).splitlines()[0]})",
            expected="auto on a node of the cluster, or ray://HOST:PORT",
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def anywhere(
    function: Callable[[J], R],
    jobs: Iterable[J],
    *,
    workers: int,
    cluster: Cluster | None,
    environment: Mapping[str, str] | None = None,
) -> contextlib.AbstractContextManager[Iterator[R]]:
    """Do jobs on a cluster, or, without one, in processes of this machine."""
    if cluster is None:
        return processes.in_order(function, jobs, workers=workers, environment=environment)
    return in_order(function, jobs, workers=workers, cluster=cluster, environment=environment)

"""How is work done by actors on a Ray cluster, in order, so that whoever dies costs one job and no result?

The engine is Ray's: an actor a device; `provenance.actors` gives it jobs. What a job leaves behind is the job's own:
shards and parts are files that appear whole or not at all, so one that was done twice is there once. The nodes must see
the disk on which they are written, and have provtool installed.
"""

from __future__ import annotations

import contextlib
import os
import socket
import urllib.parse
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from provenance import processes
from provenance.actors import Actor, Troupe
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

J = TypeVar("J")
R = TypeVar("R")
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_DEDUP_LOGS": "0"}
"""Ray tells nobody that it was used, and says nothing of what it will change one day."""
ADDRESS = "auto on a node of the cluster, HOST:PORT of its head, or ray://HOST:PORT"
PATIENCE = 10
"""Seconds in which a cluster answers at all."""
HERE = {"address": "local", "include_dashboard": False}
"""A cluster of this machine alone, whatever RAY_ADDRESS says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A Ray cluster."""

    address: str | None = None
    """Where it is: ``auto``, ``HOST:PORT`` or ``ray://HOST:PORT``; None starts one for the time of the work."""


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
        If Ray is not installed, the cluster cannot be reached, has fewer devices than there are workers, or no worker
        starts there.
    BrokenProcessPool
        If every actor that had a job in hand died.
    """
    with _unheard(), _connected(cluster, workers) as ray:
        kind = ray.remote(Actor).options(**_device(ray, workers))
        troupe = Troupe(ray, lambda: kind.remote(dict(environment or {}), str(Path.cwd())), workers=workers)
        try:
            yield troupe.results(function, iter(jobs))
        finally:
            troupe.dismiss()


def _device(ray: Any, workers: int) -> dict[str, int]:
    """Say what one actor takes of the cluster: a GPU where there are enough of them, else a CPU."""
    has = ray.cluster_resources()
    if has.get("GPU", 0) >= workers:
        return {"num_cpus": 0, "num_gpus": 1}
    if has.get("CPU", 0) >= workers:
        return {"num_cpus": 1, "num_gpus": 0}
    raise InputError(f"the cluster has {has.get('CPU', 0):g} CPUs", expected=f"{workers}, one a worker")


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
    _call(cluster.address)
    how: dict[str, Any] = {"address": cluster.address} if cluster.address else {**HERE, "num_cpus": workers}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Ray will change one day is not the user's to mend
            ray.init(**how, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, ImportError, ValueError, RuntimeError) as error:
        raise InputError(
            f"no Ray cluster at {cluster.address or 'this machine'} ({_first_line(error)})", expected=ADDRESS
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _call(address: str | None) -> None:
    """Find out in seconds whether somebody is there: Ray tries for minutes."""
    if address in {None, "auto", "local"}:
        return
    place = urllib.parse.urlsplit(address if "://" in str(address) else f"ray://{address}")
    try:
        socket.create_connection((place.hostname, place.port or 0), timeout=PATIENCE).close()
    except (OSError, ValueError) as error:
        raise InputError(f"no Ray cluster at {address} ({_first_line(error)})", expected=ADDRESS) from error


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Keep standard output for results: Ray prints the log of a node that died there, whatever it was told."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


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

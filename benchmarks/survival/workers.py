"""How do processes that measure begin and end? With whoever began them, whatever ends that one."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def pool(count: int, place: Path, *, device: str) -> Iterator[concurrent.futures.Executor]:
    """Begin processes inside a folder; where something goes wrong they are ended at once, in the middle of a row."""
    before = set(multiprocessing.active_children())
    executor = concurrent.futures.ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=begin, initargs=(place, device)
    )
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    finally:
        executor.shutdown()


def begin(place: Path, device: str) -> None:
    """Go to the folder; leave Ctrl-C to who began this process, and end when that one has ended.

    On a GPU, tensors are made there unless told otherwise, by algorithms that give the same again where there are any.
    """
    os.chdir(place)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    if device != "cpu":
        import torch

        torch.set_default_device(device)
        torch.use_deterministic_algorithms(mode=True, warn_only=True)


def _outlive_nobody() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)

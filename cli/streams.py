"""How does ``-`` stand for a stream wherever a file is expected?"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def readable(path: Path, *, suffix: str) -> Iterator[Path]:
    """Give a path to read: `path` itself, or a temporary copy of standard input named ``stdin`` with `suffix`."""
    if str(path) != "-":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="provtool-") as folder:
        copy = Path(folder) / f"stdin{suffix}"
        with copy.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield copy


@contextlib.contextmanager
def writable(path: Path, *, suffix: str) -> Iterator[Path]:
    """Give a path to write: `path` itself, or a temporary file that is sent to standard output at the end."""
    if str(path) != "-":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="provtool-") as folder:
        copy = Path(folder) / f"stdout{suffix}"
        yield copy
        with copy.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)

"""How does ``-`` stand for a stream wherever a file is expected?"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAM = "-"
MAGIC = {b"PAR1": ".parquet", b"\x1f\x8b": ".jsonl.gz", b"\x28\xb5\x2f\xfd": ".jsonl.zst"}
"""How files begin that are no JSON lines."""
HEAD = 64


@contextlib.contextmanager
def readable(path: Path, *, prose: bool = False) -> Iterator[Path]:
    """Give a path to read: `path` itself, or a temporary copy of standard input, JSON lines unless its bytes say more.

    Where `prose` may come, what does not begin with an object is plain text. Messages about the copy call it ``-``.
    """
    if str(path) != STREAM:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="provtool-") as folder:
        copy = Path(folder) / "stdin"
        with copy.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        named = copy.rename(copy.with_name(f"stdin{_suffix(copy, prose=prose)}"))
        try:
            yield named
        except ProvenanceError as error:
            error.args = (str(error).replace(str(named), STREAM),)
            raise


@contextlib.contextmanager
def writable(path: Path, *, suffix: str) -> Iterator[Path]:
    """Give a path to write: `path` itself, or a temporary file that is sent to standard output at the end."""
    if str(path) != STREAM:
        yield path
        return
    if sys.stdout.isatty():
        raise click.UsageError("a table is not for a terminal: redirect standard output, or give --out FILE")
    with tempfile.TemporaryDirectory(prefix="provtool-") as folder:
        copy = Path(folder) / f"stdout{suffix}"
        yield copy
        with copy.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
        sys.stdout.flush()


def _suffix(path: Path, *, prose: bool) -> str:
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    known = next((suffix for magic, suffix in MAGIC.items() if head.startswith(magic)), None)
    plain = prose and not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    return known or (".txt" if plain else ".jsonl")

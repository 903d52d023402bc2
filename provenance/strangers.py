"""What is said of a file that cannot be the table that was meant, and where that one comes from?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import ArtifactError, InputError, closest

if TYPE_CHECKING:
    import os

MAGIC = b"PAR1"
"""How every Parquet file begins."""
NAMES = {"scores": "a table of scores", "ngram": "a table of n-grams"}
NEARLY = 0.75
"""How alike names must be for one to be taken for the other: a slip of the hand, not another file."""
MADE_BY = {"ledger": "watermark", "scores": "score", "ngram": "ngram"}


def refuse(path: str | os.PathLike[str], kind: str | None) -> None:
    """Refuse what is no Parquet file at all; `kind` is the table that was meant.

    Raises
    ------
    InputError
        If there is no file, or none that can be read.
    ArtifactError
        If it is of another format.
    """
    expected = named(kind) if kind else None
    if Path(path).is_dir():
        raise InputError("a folder", path=path, expected=expected or "a file")
    if not Path(path).is_file():
        raise missing(path)
    try:
        with Path(path).open("rb") as stream:
            begins = stream.read(len(MAGIC))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from error
    if kind and not MAGIC.startswith(begins):  # what was cut short is told by who reads on
        raise ArtifactError("no table of provtool's", path=path, expected=expected, hint=_source(kind, path))


def missing(path: str | os.PathLike[str], *, what: str = "no such file") -> InputError:
    """Say that there is nothing at a path, and what beside it has nearly this name."""
    place = Path(path)
    beside = {one.stem: one for one in _beside(place) if one.suffix == place.suffix}
    near = closest(place.stem, beside, cutoff=NEARLY)
    return InputError(what, path=path, hint=f"{beside[near]} (did you mean it?)" if near else None)


def _beside(place: Path) -> list[Path]:
    try:
        return sorted(place.parent.iterdir())
    except OSError:
        return []


def named(kind: str) -> str:
    """Name a kind of table as one of them.

    Examples
    --------
    >>> named("ledger"), named("scores")
    ('a ledger', 'a table of scores')
    """
    return NAMES.get(kind, f"a {kind}")


def _source(kind: str, path: str | os.PathLike[str]) -> str | None:
    """Say where a table of this kind comes from."""
    if kind == "transcript":
        return f"provtool transcript import {path} --out run.parquet"
    return f"what provtool {MADE_BY[kind]} wrote" if kind in MADE_BY else None

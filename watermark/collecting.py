"""How does a ledger come of rows that a marker has marked, wherever that was?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts
from provenance.corpora import fields, ids
from provenance.corpora.splice import Passage
from provenance.errors import InputError, MismatchError
from provenance.records import Document
from watermark import certificate, ledger, precautions

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from watermark.certificate import Counts
    from watermark.ledger import Marked
    from watermark.mapped import Marker
    from watermark.sealing import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What `collect` left on disk."""

    ledger: Path
    """Secret: keep it with the key."""
    counts: Counts


def collect(
    rows: Iterable[Mapping[str, Any]],
    *,
    marker: Marker,
    out: str | os.PathLike[str],
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Collected:
    """Write the ledger of rows that `marker` marked, one after another, in bounded memory.

    Parameters
    ----------
    rows
        Rows with the marked text and the sealed column, in the order in which they are published: a
        `datasets.Dataset`, or ``frame.to_dict("records")``.
    marker
        The one that marked them, or one made alike.
    out
        A new file.
    progress
        Called with (rows done, None).

    Raises
    ------
    InputError
        If `out` exists, a column is missing, or an id comes twice.
    MismatchError
        If a row was sealed by another marker, or its text is not the one that was marked.
    """
    target = Path(out)
    if target.exists():
        raise InputError("exists", path=target, expected="a new file")
    precautions.refuse_committed(target)
    seal, settings, name = marker.seal(), marker.settings(), ids.naming()
    counted, left = certificate.Tally(), {"opted_out": 0, "foreign": 0}
    header = artifacts.Header(settings=settings)
    with artifacts.TableWriter(target, kind=ledger.LEDGER, header=header, secret=True) as writer:
        for number, row in enumerate(rows):
            place = f"row {number}"
            found = seal.open(_value(row, marker.column, place), place=place)
            name(Passage(text="", id=found.id, place=place, raw=""))
            text = _original(found, _value(row, marker.text_field, place), place)
            counted.add(Document(id=found.id, text=text), found.marked)
            for what in left:
                left[what] += getattr(found, what)
            if found.marked is not None:
                writer.write(ledger.to_row(replace(found.marked, row=number), recipient=settings["recipient"]))
            progress(number + 1, None)
    return Collected(ledger=target, counts=replace(counted.counts(), **left))


def _value(row: Mapping[str, Any], column: str, place: str) -> Any:
    if column not in row:
        raise fields.missing(column, list(row), option="column", place=place)
    return row[column]


def _original(found: Sealed, published: object, place: str) -> str:
    """Give the text before marking, having checked that what is published is what was marked."""
    marked: Marked | None = found.marked
    if marked is None:
        return str(published)
    if published != marked.variant(0):
        raise MismatchError(
            f"{place}: the text of document {found.id!r} is not the one that was marked",
            expected="texts that nobody has changed since",
            hint="marking last of all",
        )
    return marked.text

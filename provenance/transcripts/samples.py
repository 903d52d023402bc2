"""What does a row of the published tables of sequences say?

The tables of "Blackbox Model Provenance via Palimpsestic Membership Inference" (arXiv 2510.19796) have ``index`` (the
place in the run), ``tokens`` and, for each model that was asked, a column ``loss_…``, one number a token or one a row.
The losses stay where they are: ``column:TABLE:-loss_…`` finds them by the same names as are given here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = ("id", "index", "tokens", "text", "stratum", "unit")
"""Columns that are read; the losses may be a hundred times as large."""


class Names:
    """Names of the rows of a table that has ``index`` and no ``id``: the index, and ``7#2`` for the second row of 7."""

    def __init__(self) -> None:
        self._seen = dict[int, int]()

    def name(self, row: Mapping[str, Any], *, place: str) -> str:
        """Name the next row of the table.

        Raises
        ------
        InputError
            If its index is no whole number from 0 on.
        """
        index = row.get("index")
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            raise InputError(
                f"index {index!r:.40}", path=place, expected="the place in the run, a whole number from 0 on"
            )
        count = self._seen[index] = self._seen.get(index, 0) + 1
        return str(index) if count == 1 else f"{index}#{count}"


def example(row: Mapping[str, Any], names: Names, *, place: str) -> dict[str, Any]:
    """Give a row as the fields of a training example (`examples`)."""
    named = names.name(row, place=place)
    labels = {field: row.get(field) for field in ("text", "stratum", "unit")}
    id_ = named if row.get("id") is None else row["id"]
    return {"id": id_, "position": row["index"], "tokens": numbers(row.get("tokens"), place=place), **labels}


def numbers(value: Any, *, place: str) -> Any:
    """Read a list that a CSV file had to write as text, ``[1, 2]`` or ``1 2``; anything else is left as it is."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        read = json.loads(text if text.startswith("[") else f"[{','.join(text.split())}]")
    except ValueError as error:
        raise InputError(f"a list that cannot be read: {value!r:.40}", path=place, expected="[1, 2, 3]") from error
    return read

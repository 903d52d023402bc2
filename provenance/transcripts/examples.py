"""Is this row of somebody's table a training example, and what does it say?

Fields: ``position`` (a whole number) or ``positions`` (a list of them, one for each time the run consumed the
example), ``tokens`` (ids) and/or ``text``, and if the table has them ``id``, ``stratum`` and ``unit``. All others are
passed over. In a table without ``id`` a row is named by its number: ``row-000000001`` is the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenance.corpora import fields
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_POSITION = 2**63 - 2
LARGEST_TOKEN = 2**31 - 1


def name(row: Mapping[str, Any], *, place: str, number: int | None) -> str:
    """Give the id of a row, or name it by `number` where the table has no ids."""
    found = fields.id_of(row.get("id"), asked="id" if number is None else None, place=place)
    if number is not None and found is not None:
        raise InputError("an id, where the rows before had none", path=place, expected="an id in every row or in none")
    return f"row-{number:09d}" if found is None else found


def positions(row: Mapping[str, Any], *, place: str) -> list[int]:
    """Give every position of a row.

    Raises
    ------
    InputError
        If there is none, or one is no whole number from 0 on.
    """
    one, several = row.get("position"), row.get("positions")
    if (one is None) == (several is None):
        what = "no position" if one is None else "both position and positions"
        raise InputError(what, path=place, expected="`position`, a whole number, or `positions`, a list of them")
    values = [one] if several is None else several
    if not isinstance(values, list) or not values:
        raise InputError(f"positions is {values!r}", path=place, expected="a list of whole numbers, at least one")
    for value in values:
        if not _whole(value, LARGEST_POSITION):
            raise InputError(f"position {value!r}", path=place, expected="a whole number from 0 on")
    return values


def content(row: Mapping[str, Any], *, place: str, tokenizer: bool, joined: str | None = None) -> dict[str, Any]:
    """Give what can be scored of a row: tokens, text or both.

    Parameters
    ----------
    tokenizer
        Whether it is known what made the tokens.
    joined
        Text of the same id from elsewhere, for a row without its own.

    Raises
    ------
    InputError
        If there is neither text nor tokens of a known tokenizer.
    """
    tokens, text = row.get("tokens"), row.get("text")
    text = joined if text is None else fields.text_of(text, name="text", place=place)
    if tokens is not None:
        _check_tokens(tokens, place)
    if text is None and tokens is None:
        hint = "a `tokens` or `text` field, or --join CORPUS"
        raise InputError("neither tokens nor text", path=place, expected="one of them or both", hint=hint)
    if text is None and not tokenizer:
        hint = "--tokenizer NAME_OR_FOLDER, a `text` field, or --join CORPUS"
        raise InputError("tokens, but no tokenizer and no text", path=place, hint=hint)
    return {"tokens": tokens, "text": text}


def label(row: Mapping[str, Any], field: str, *, place: str) -> str | None:
    """Give a row's ``stratum`` or ``unit``; whole numbers become text."""
    value = row.get(field)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputError(f"{field} is {fields.describe(value)}", path=place, expected="a string or a whole number")


def _check_tokens(tokens: object, place: str) -> None:
    if not isinstance(tokens, list) or not tokens:
        raise InputError("tokens is no list of ids, or an empty one", path=place, expected="at least one token id")
    wrong = next((token for token in tokens if not _whole(token, LARGEST_TOKEN)), None)
    if wrong is not None or None in tokens:
        raise InputError(f"token {wrong!r}", path=place, expected=f"whole numbers from 0 to {LARGEST_TOKEN}")


def _whole(value: object, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest

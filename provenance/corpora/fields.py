"""Which field of a record was meant, and how is a wrong one explained?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.errors import InputError, closest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

DEFAULT_ID = "id"
YES, NO = frozenset(("true", "yes", "1")), frozenset(("false", "no", "0", ""))
NAMES_SHOWN = 12
KINDS: dict[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    str: "a string",
}


def steps(name: str, names: Collection[str]) -> tuple[str, ...]:
    """Split a dotted name into the steps to walk, unless a field has that very name, dots and all.

    Examples
    --------
    >>> steps("meta.text", ["id", "meta"])
    ('meta', 'text')
    """
    return (name,) if name in names else tuple(name.split("."))


def value_at(record: object, path: Sequence[str], *, option: str, place: str) -> object:
    """Walk into nested objects.

    Raises
    ------
    InputError
        If a step does not exist; it lists those that do.
    """
    value = record
    for depth, step in enumerate(path):
        names = list(value) if isinstance(value, dict) else []
        if not isinstance(value, dict) or step not in value:
            known = [".".join([*path[:depth], name]) for name in names]
            raise missing(".".join(path), known, option=option, place=place)
        value = value[step]
    return value


def missing(name: str, known: Sequence[str], *, option: str, place: str) -> InputError:
    """Explain that a field does not exist, with those that do and the likeliest one."""
    shown = ", ".join(known[:NAMES_SHOWN]) + (", …" if len(known) > NAMES_SHOWN else "")
    near = closest(name, known)
    hint = f"{option} {near} (did you mean {near!r}?)" if near else f"{option} NAME"
    return InputError(f"no field {name!r}", path=place, expected=f"one of {shown}" if shown else None, hint=hint)


def text_of(value: object, *, name: str, place: str) -> str:
    """Make sure that a text is one: a string of whole characters."""
    if not isinstance(value, str):
        raise InputError(f"field {name!r} is {describe(value)}", path=place, expected="a string")
    if not value.isascii() and not _encodes(value):
        what = f"field {name!r} holds half a surrogate pair"
        raise InputError(what, path=place, expected="whole characters", hint="writing the file again as UTF-8")
    return value


def id_of(value: object, *, asked: str | None, place: str) -> str | None:
    """Make an id of a string or an integer; of anything else none, which is an error only where a field was named."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value and _encodes(value):
        return value
    if asked is None:
        return None
    what = f"id field {asked!r} is {describe(value) if value != '' else 'empty'}"
    raise InputError(what, path=place, expected="a string or an integer")


def flag_of(value: object, *, name: str, place: str) -> bool:
    """Read yes or no: a boolean, 0 or 1, or a word for either; nothing at all is no."""
    if value is None or isinstance(value, bool):
        return bool(value)
    spelt = str(value).strip().casefold() if isinstance(value, str | int) else ""
    if spelt in YES or spelt in NO:
        return spelt in YES
    raise InputError(f"field {name!r} is neither yes nor no", path=place, expected="true or false")


def describe(value: object) -> str:
    """Say in words what kind of value this is."""
    return KINDS.get(type(value), f"a {type(value).__name__}")


def _encodes(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

"""How does a JSON object become one of our frozen records, or a message that says which part of it is wrong?

Types are taken from the record's own annotations, and nothing is dropped or guessed: an unknown field, a missing one
and a value of another type are errors that name their place.
"""

from __future__ import annotations

import collections.abc
import types
import typing
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from provenance.errors import ArtifactError

if TYPE_CHECKING:
    import os

R = TypeVar("R")
PLAIN: dict[Any, tuple[Any, str]] = {
    str: (str, "text"),
    bool: (bool, "true or false"),
    int: (int, "a whole number"),
    float: ((int, float), "a finite number"),
}
NAMES = {"Mapping": collections.abc.Mapping, "Sequence": collections.abc.Sequence}
"""Types that records import for type checkers only."""


def record(kind: type[R], value: object, *, path: str | os.PathLike[str]) -> R:
    """Build a record of this kind from a JSON value; `path` is what messages call the file.

    Raises
    ------
    ArtifactError
        If a field is unknown, missing or of another type.
    """
    built: R = _build(kind, value, _Place(path=path, name=kind.__name__.lower()))
    return built


def _build(kind: Any, value: Any, place: _Place) -> Any:
    if not isinstance(value, dict):
        raise place.wrong(value, "an object")
    known = {part.name: part for part in fields(kind)}
    for name in value:
        if name not in known:
            raise ArtifactError(f"unknown field {name!r} in {kind.__name__}", path=place.path)
    for name, part in known.items():
        if name not in value and part.default is MISSING and part.default_factory is MISSING:
            raise ArtifactError(f"field {name!r} of {kind.__name__} is missing", path=place.path)
    hints = typing.get_type_hints(kind, localns=NAMES)
    return kind(**{name: _convert(hints[name], item, place.at(f".{name}")) for name, item in value.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Which part of which file is being read, for messages."""

    path: str | os.PathLike[str]
    name: str

    def at(self, part: str) -> _Place:
        """Give the place of a part."""
        return _Place(path=self.path, name=self.name + part)

    def wrong(self, item: Any, expected: str) -> ArtifactError:
        """Say that something else stands here."""
        return ArtifactError(f"{self.name} is {str(item)[:40]!r}", path=self.path, expected=expected)


def _convert(hint: Any, item: Any, place: _Place) -> Any:
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return None if item is None else _convert(options[0], item, place)
    if origin is tuple:
        if not isinstance(item, list):
            raise place.wrong(item, "a list")
        return tuple(_convert(options[0], part, place.at(f"[{number}]")) for number, part in enumerate(item))
    if origin is collections.abc.Mapping:
        if not isinstance(item, dict):
            raise place.wrong(item, "an object")
        return {key: _convert(options[1], part, place.at(f".{key}")) for key, part in item.items()}
    return _build(hint, item, place) if is_dataclass(hint) else _plain(hint, item, place)


def _plain(hint: Any, item: Any, place: _Place) -> Any:
    if typing.get_origin(hint) is Literal:
        if item not in typing.get_args(hint):
            raise place.wrong(item, f"one of {', '.join(typing.get_args(hint))}")
        return item
    allowed, expected = PLAIN.get(hint, (object, ""))
    if not isinstance(item, allowed) or (isinstance(item, bool) and hint in {int, float}):
        raise place.wrong(item, expected)
    return item

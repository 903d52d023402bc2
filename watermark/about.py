"""What does a publisher say of a data set that no file of it tells: licence, address, who made it?"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.errors import InputError

if TYPE_CHECKING:
    import os

PROPERTIES = (
    "name",
    "description",
    "license",
    "url",
    "creator",
    "datePublished",
    "publisher",
    "version",
    "citeAs",
    "keywords",
    "inLanguage",
    "sameAs",
)
"""Properties of a data set, as Croissant calls them."""
REQUIRED = ("license", "url", "creator", "datePublished")
"""What Croissant wants of every data set, and only its publisher knows."""


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a JSON object of properties of a data set.

    Raises
    ------
    InputError
        If it is none, or has a property that we do not know.
    """
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path, expected="a JSON object") from error
    except ValueError as error:
        raise InputError(f"not JSON ({error})", path=path, expected="a JSON object") from error
    if not isinstance(value, dict):
        raise InputError("not a JSON object", path=path, expected="one, such as {'license': 'https://…'}")
    for name, content in value.items():
        _check(name, content, path)
    return value


def _check(name: str, content: object, path: str | os.PathLike[str]) -> None:
    if name not in PROPERTIES:
        near = difflib.get_close_matches(name, PROPERTIES, n=1)
        hint = f"{near[0]!r}" if near else None
        raise InputError(f"unknown property {name!r}", path=path, expected=f"one of {', '.join(PROPERTIES)}", hint=hint)
    if not content or not isinstance(content, str | list | dict):
        raise InputError(f"{name!r} says nothing", path=path, expected="a string, a list or an object")


def missing(about: dict[str, Any]) -> list[str]:
    """Name what Croissant wants of every data set and is not said."""
    return [name for name in REQUIRED if name not in about]

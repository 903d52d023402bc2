"""What does a publisher say of a data set that no file of it tells: licence, address, who made it?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.errors import InputError, closest

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

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
    check(value, path=path)
    return value


def check(about: Mapping[str, Any], *, path: str | os.PathLike[str] | None = None) -> None:
    """Refuse properties that we do not know, or that say nothing; `path` is where they were read.

    Raises
    ------
    InputError
        It names the property.
    """
    for name, content in about.items():
        if name not in PROPERTIES:
            near = closest(name, PROPERTIES)
            expected, hint = f"one of {', '.join(PROPERTIES)}", repr(near) if near else None
            raise InputError(f"unknown property {name!r}", path=path, expected=expected, hint=hint)
        if not content or not isinstance(content, str | list | dict):
            raise InputError(f"{name!r} says nothing", path=path, expected="a string, a list or an object")


def missing(about: Mapping[str, Any]) -> list[str]:
    """Name what Croissant wants of every data set and is not said."""
    return [name for name in REQUIRED if name not in about]

"""Which of our kinds is a file, told by what it says of itself and not by its name?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts

if TYPE_CHECKING:
    import os

SCHEMA = re.compile(r"provtool/([a-z-]+)/(\d+)")
KEY = b"provtool-key-"
LARGEST = 1 << 26
"""Bytes of a JSON file that is looked into; evidence has some thousands."""
BEGINNING = 4096
"""Bytes by which a line of JSON that begins a longer file is known."""


def tell(path: str | os.PathLike[str]) -> str | None:
    """Name the kind of a file of ours; None if it is none, or cannot be read.

    Examples
    --------
    >>> tell("fixtures/golden/order.json")
    'evidence'
    >>> tell("fixtures/golden/recorded.parquet.log")
    'training-log'
    """
    place = Path(path)
    try:
        with place.open("rb") as stream:
            begun = stream.read(BEGINNING)
        if begun.startswith(b"PAR1"):
            return artifacts.kind_of(place)
        if begun.startswith(KEY):
            return "key"
        if not begun.startswith(b"{") or place.stat().st_size > LARGEST:
            return None
        return _of_json(begun.split(b"\n")[0]) or _of_json(place.read_bytes())
    except OSError:
        return None


def _of_json(content: bytes) -> str | None:
    try:
        value: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    if {"payload", "payloadType", "signatures"} <= value.keys():
        return "signature"
    found = SCHEMA.fullmatch(str(value.get("schema")))
    return found[1] if found else None

"""Where does each token that a server echoes end in the text that was asked, if it is that text at all?

Servers decode tokens one at a time, and so lose a little: half a character is shown as U+FFFD or as nothing, and the
first space of a SentencePiece token is dropped. All else must be the text, character by character and to its end.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HALF = re.compile("([\N{REPLACEMENT CHARACTER}\ud800-\udfff])")
"""What stands for part of a character, the halves of which JSON is made among them."""
ESCAPED = re.compile(r"bytes:(?:\\x[0-9a-f]{2})+")
"""How OpenAI writes a token that is no whole characters."""
ASCII = 0x80
CONTINUATION = 0xC0
"""Upper two bits tell a UTF-8 byte that does not begin a character."""


def ends(tokens: Sequence[str], text: str) -> tuple[int, ...] | None:
    """Give the end of every token in characters of the text; None where the tokens are not the text.

    Tokens that share a character all end behind it, as a tokenizer's own offsets say.

    Examples
    --------
    >>> ends(["One", " two", " \N{REPLACEMENT CHARACTER}", "\N{REPLACEMENT CHARACTER}"], "One two é")
    (3, 7, 9, 9)
    >>> ends(["One", " two"], "One two three") is None
    True
    """
    data = text.encode()
    places = [0] * len(tokens)
    at, open_, marked = 0, list[int](), False
    for row, part in _parts(tokens):
        if not part:
            open_.append(row)
            marked = marked or tokens[row] != ""
            continue
        known = part[1:] if row == 0 and not open_ and part[:1] == b" " != data[:1] else part
        begin = _next(data, at, known, fewest=int(marked), most=len(open_))
        if begin is None:
            return None
        _share(places, open_, at, begin)
        at, open_, marked = data.index(known, begin) + len(known), [], False
        places[row] = at
    _share(places, open_, at, len(data))
    left = len(data[at:].decode(errors="replace"))
    return _characters(data, places) if int(marked) <= left <= len(open_) else None


def _parts(tokens: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    """Cut tokens into what is known of them, and nothing for what is not."""
    for row, token in enumerate(tokens):
        if ESCAPED.fullmatch(token):
            yield row, bytes.fromhex(token.removeprefix("bytes:").replace("\\x", ""))
        elif HALF.search(token):
            parts = HALF.split(token)
            yield from ((row, b"" if HALF.match(part) else part.encode()) for part in parts if part)
        else:
            yield row, token.encode()


def _next(data: bytes, at: int, part: bytes, *, fewest: int, most: int) -> int | None:
    """Find where a known part stands after that many unknown characters, with one character lost only if need be."""
    places = [at]
    while len(places) <= most:
        places.append(places[-1] + _width(data, places[-1]))
    exact = (place for place in places[fewest:] if data.startswith(part, place))
    lossy = (
        place
        for place in places[fewest:]
        if data[place : place + 1] == b" " or data[place : place + 1] >= b"\x80"
        if data.startswith(part, place + _width(data, place))
    )
    return next(itertools.chain(exact, lossy), None)


def _width(data: bytes, at: int) -> int:
    """Count the bytes of the character at a place."""
    end = at + 1
    while end < len(data) and data[end] & CONTINUATION == ASCII:
        end += 1
    return end - at


def _share(places: list[int], rows: Sequence[int], low: int, high: int) -> None:
    """Let tokens of which nothing is known share bytes evenly."""
    for number, row in enumerate(rows, start=1):
        places[row] = low + (high - low) * number // len(rows)


def _characters(data: bytes, places: Sequence[int]) -> tuple[int, ...]:
    """Count the characters that have begun at each place in bytes."""
    begins = (np.frombuffer(data, dtype=np.uint8) & CONTINUATION) != ASCII
    begun = np.concatenate([[0], np.cumsum(begins)])
    return tuple(begun[list(places)].tolist()) if places else ()

"""How do the certificates of a signed response come to stand in the order that DER demands?

The order is not signed, many authorities (all that use OpenSSL) send their certificates as they were configured, and
strict readers then refuse the response.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT = 0x80
CERTIFICATES = 0xA0
PATH = (0, 1, 1, 0)
"""From a response to its signed data: the response, its token, the token's content, the value in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """Where one value stands, with its tag and length, and where its content begins."""

    start: int
    content: int
    end: int


def order_certificates(response: bytes) -> bytes:
    """Put the certificates of a time-stamp response in order; what is no such response comes back as it is."""
    try:
        span = _certificates(response)
        items = [response[item.start : item.end] for item in _items(response, span.content, span.end)]
    except (IndexError, StopIteration, ValueError):
        return response
    return response[: span.content] + b"".join(sorted(items)) + response[span.end :]


def _certificates(response: bytes) -> _Item:
    """Find the set of certificates, the first part of the signed data with its tag."""
    start, end = 0, len(response)
    for step in PATH:
        inner = _items(response, start, end)[step]
        start, end = inner.content, inner.end
    return next(item for item in _items(response, start, end) if response[item.start] == CERTIFICATES)


def _items(data: bytes, start: int, end: int) -> Sequence[_Item]:
    found = list[_Item]()
    while start < end:
        found.append(_item(data, start))
        start = found[-1].end
    if start != end:
        raise ValueError("a value goes beyond its parent")
    return found


def _item(data: bytes, start: int) -> _Item:
    length, content = data[start + 1], start + 2
    if length == SHORT:
        raise ValueError("a length that is not given")
    if length > SHORT:
        content += length - SHORT
        length = int.from_bytes(data[start + 2 : content], "big")
    return _Item(start=start, content=content, end=content + length)

"""How is a time-stamp authority asked over the network, in bounded time?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
import tenacity

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 1 << 20
"""Bytes of an answer; a token has a few thousand."""
HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
HINT = "the same command later, or another authority; nothing is lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an authority is waited for."""

    attempts: int = 4
    timeout: float = 10.0
    """Seconds for one attempt, however slowly bytes drip in."""
    pause: float = 1.0
    """Seconds before the second attempt; each later pause is twice as long."""


class _BusyError(Exception):
    """The server may answer if asked again."""


def ask(url: str, query: bytes, *, patience: Patience | None = None) -> bytes:
    """Send a query to an authority and give its answer, asking again where that may help.

    Raises
    ------
    InputError
        If the address is none, or the authority cannot be reached, does not answer in time or answers with an error.
    """
    bounds = patience or Patience()
    place = shown(url)
    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type((_BusyError, httpx.TransportError)),
        stop=tenacity.stop_after_attempt(bounds.attempts),
        wait=tenacity.wait_exponential(multiplier=bounds.pause),
        reraise=True,
    )
    try:
        with httpx.Client(timeout=bounds.timeout, headers=HEADERS) as client:
            return again(_post, client, url, query=query, patience=bounds)
    except httpx.TimeoutException as error:
        raise InputError(f"no answer within {bounds.timeout:g} seconds", path=place, hint=HINT) from error
    except httpx.TransportError as error:
        raise InputError(f"the time-stamp authority cannot be reached ({error})", path=place, hint=HINT) from error
    except (_BusyError, httpx.HTTPError) as error:
        raise InputError(str(error), path=place, expected="a time-stamp authority (RFC 3161)", hint=HINT) from error


def _post(client: httpx.Client, url: str, *, query: bytes, patience: Patience) -> bytes:
    deadline = time.monotonic() + patience.timeout
    with client.stream("POST", url, content=query) as response:
        answered = f"answered {response.status_code} {response.reason_phrase}"
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or response.is_server_error:
            raise _BusyError(answered)
        if response.status_code != HTTPStatus.OK:
            raise httpx.HTTPError(answered)
        return b"".join(_bounded(response, deadline))


def _bounded(response: httpx.Response, deadline: float) -> Iterator[bytes]:
    left = LARGEST
    for piece in response.iter_bytes():
        left -= len(piece)
        if left < 0:
            raise httpx.HTTPError(f"answered with more than {LARGEST:,} bytes")
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("bytes dripped in too slowly")
        yield piece


def shown(url: str) -> str:
    """Give an address without what may be a password in it.

    Raises
    ------
    InputError
        If it is not the address of a server.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InputError(f"{error}".rstrip("."), path="--timestamp", expected="http://… or https://…") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise InputError("not the address of a server", path="--timestamp", expected="http://… or https://…")
    return str(parsed.copy_with(userinfo=b"", query=None, fragment=None))

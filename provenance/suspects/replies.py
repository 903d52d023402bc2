"""What does a server's HTTP reply mean: an answer, not now, or no?"""

from __future__ import annotations

import email.utils
import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from provenance.errors import SuspectError
from provenance.suspects.addresses import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from provenance.suspects.addresses import Address

LONGEST_WAIT = 600.0
"""Seconds that a server may ask to be left alone."""


class RefusedError(SuspectError):
    """The server does not do what it was asked."""


class MissingError(SuspectError):
    """Nothing is served at this address, or not this model."""


class AgainError(Exception):
    """The server may answer if asked again."""

    def __init__(self, what: str, *, status: int | None = None, after: float = 0.0, lost: bool = False) -> None:
        super().__init__(what)
        self.status = status
        self.after = after
        """Seconds that the server asked for."""
        self.lost = lost
        """Whether the attempt may have been paid for."""


def read(response: httpx.Response, *, address: Address, about: str) -> dict[str, Any]:
    """Give the JSON object that a server answered about something.

    Raises
    ------
    AgainError
        If it is busy or ill.
    SuspectError
        If it refuses, or answers anything else.
    """
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or response.is_server_error:
        after = _after(response.headers.get("retry-after", ""))
        if after > LONGEST_WAIT:
            raise failed(f"asks to be left alone for {after:,.0f} seconds", None, address=address, about=about)
        raise AgainError(_said(response, address), status=response.status_code, after=after)
    if response.status_code != HTTPStatus.OK:
        raise failed(_said(response, address), response.status_code, address=address, about=about)
    answer = _json(response)
    if not isinstance(answer, dict):
        kind = response.headers.get("content-type", "something").partition(";")[0]
        what = f"answered with {kind}, not a JSON object"
        raise failed(what, HTTPStatus.NOT_FOUND, address=address, about=about)
    return answer


def failed(what: str, status: int | None, *, address: Address, about: str) -> SuspectError:
    """Say what went wrong, and what to try where the status tells."""
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        which = "another key" if address.key else "a key"
        return SuspectError(what, path=address.name, expected=f"{which} in the variable {KEYS[0]}")
    if status == HTTPStatus.NOT_FOUND:
        expected = "the address under which /completions lies, and a model that is served there"
        hint = None if address.url.endswith("/v1") else f"openai:{address.url}/v1#{address.model}"
        return MissingError(what, path=address.name, expected=expected, hint=hint)
    kind = SuspectError if status in {None, HTTPStatus.TOO_MANY_REQUESTS} else RefusedError
    return kind(f"{what}, asked about {about}", path=address.name)


def paid(answer: Mapping[str, Any], bound: int) -> int:
    """Read how many tokens an answer took; as many as it could have where the server does not say."""
    usage = answer.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else bound


def _said(response: httpx.Response, address: Address) -> str:
    """Give status and message of a reply, without the key, which some servers repeat."""
    text = _message(_json(response))
    if address.key:
        text = text.replace(address.key, "[key]")
    return f"answered {response.status_code} {response.reason_phrase}" + (f" ({text})" if text else "")


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _message(said: Any) -> str:
    """Find what a server says of its error: OpenAI, vLLM, FastAPI and llama.cpp each put it elsewhere."""
    for name in ("error", "message", "detail"):
        if isinstance(said, dict):
            said = said.get(name, said)
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False) if said else ""
    return " ".join(text.split())[:200]


def _after(header: str) -> float:
    """Read Retry-After: seconds, or a date; 0 where there is none."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return 0.0

"""Which server and model does a suspect's name mean, and which key is the server shown?"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

import httpx

from provenance.errors import InputError

KEYS = ("PROVTOOL_API_KEY", "OPENAI_API_KEY")
"""Where a key is looked for; the second is sent to nobody but OpenAI and the server in OPENAI_BASE_URL."""
EXPECTED = "{kind}:BASE_URL#MODEL, such as {kind}:http://localhost:8000/v1#MODEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A model on a server."""

    url: str
    """Under which ``/completions`` lies."""
    model: str
    key: str | None = field(repr=False)
    kind: str = "openai"

    @property
    def name(self) -> str:
        """Its name as a suspect."""
        return f"{self.kind}:{self.url}#{self.model}"


def parse(name: str, *, kind: str = "openai") -> Address:
    """Read ``BASE_URL#MODEL``, with a key from the environment.

    Raises
    ------
    InputError
        If it is no address with a model, or holds what may be a secret.
    """
    expected = EXPECTED.format(kind=kind)
    address, _, model = name.partition("#")
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise InputError(f"{kind}:{name} ({error})", expected=expected) from error
    if url.userinfo or url.query:
        raise InputError(f"a {kind}: address with a password or a query", expected=f"a key in {KEYS[0]}")
    if url.scheme not in {"http", "https"} or not url.host or not model:
        raise InputError(f"{kind}:{name}", expected=expected)
    place = str(url).rstrip("/").removesuffix("/completions").removesuffix("/chat")
    return Address(url=place, model=model, key=_key(url), kind=kind)


def _key(url: httpx.URL) -> str | None:
    """Find a key. One that is meant for OpenAI is not handed to whoever is under audit."""
    for name in KEYS:
        key = os.environ.get(name, "").strip()
        if not key or (name == KEYS[1] and not _is_openai(url)):
            continue
        if not re.fullmatch(r"[\x21-\x7e]+", key):
            raise InputError(f"{name} is no key: it holds spaces or characters outside ASCII")
        return key
    return None


def _is_openai(url: httpx.URL) -> bool:
    """Whether this is OpenAI's own server, or the one that the user's other programs ask in its place."""
    named = os.environ.get("OPENAI_BASE_URL", "").rstrip("/")
    own = url.scheme == "https" and (url.host == "openai.com" or url.host.endswith(".openai.com"))
    return own or str(url).rstrip("/") == named

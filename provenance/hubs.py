"""Does a Hugging Face hub answer, and is what it would be asked for on this machine already?

The hub's own client asks six times and waits longer after each: a minute, where there is no network.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import huggingface_hub
from huggingface_hub import constants

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS = 5
"""How long a hub may take to answer at all."""


def is_reached() -> bool:
    """Say whether the hub answers, asking once."""
    try:
        urllib.request.urlopen(constants.ENDPOINT, timeout=SECONDS).close()  # noqa: S310 (the user's)
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException) as error:
        # A certificate that Python refuses may be one that the hub's client was told to trust.
        return isinstance(getattr(error, "reason", None), ssl.SSLError)
    return True


def only_here(name: str, *, files: Iterable[str], revision: str | None, expected: str) -> bool:
    """Say whether a name must be taken from this machine, because no hub answers.

    Raises
    ------
    InputError
        If it is neither here nor to be had, with what would have been `expected`.
    """
    if not huggingface_hub.is_offline_mode() and is_reached():
        return False
    try:
        cached = (huggingface_hub.try_to_load_from_cache(name, file, revision=revision) for file in files)
        if any(isinstance(file, str) for file in cached):
            return True
    except ValueError as error:
        raise InputError("neither a folder nor a hub name", path=name, expected=expected) from error
    raise InputError("not on this machine, and no hub can be reached", path=name, expected=expected)

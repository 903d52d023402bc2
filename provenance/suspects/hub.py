"""Where does a Hugging Face model lie: in a folder, on this machine since an earlier use, or on a hub that answers?"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from pathlib import Path

import huggingface_hub

from provenance.errors import SuspectError

FILES = ("config.json", "adapter_config.json")
"""One of which every model has, whole or an adapter."""
HUB_SECONDS = 5
"""How long a hub may take to answer at all."""


def locate(name: str) -> tuple[str, str | None]:
    """Give where a model lies and its revision, without waiting a minute for a hub that is out of reach.

    Raises
    ------
    SuspectError
        If there is no such folder, or no such model here and no hub to ask.
    """
    if Path(name).expanduser().exists():
        return str(Path(name).expanduser()), None
    place, _, revision = name.partition("@")
    if Path(place).expanduser().exists():
        raise no_model(name, "a folder has no revisions")
    if name.startswith(("/", "./", "../", "~")):
        raise no_model(name, "no such folder")
    try:
        files = (huggingface_hub.try_to_load_from_cache(place, file, revision=revision or None) for file in FILES)
        cached = next((file for file in files if isinstance(file, str)), None)
    except ValueError as error:
        raise no_model(name, "neither a folder nor a hub name") from error
    if not huggingface_hub.is_offline_mode() and is_reached():
        return place, revision or None
    if cached:
        return str(Path(cached).parent), None
    raise no_model(name, "not on this machine, and no hub can be reached")


def is_reached() -> bool:
    """Say whether the hub answers. It is asked once: its own client asks six times and waits longer after each."""
    try:
        urllib.request.urlopen(huggingface_hub.constants.ENDPOINT, timeout=HUB_SECONDS).close()  # noqa: S310 (the user's)
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException) as error:
        # A certificate that Python refuses may be one that the hub's client was told to trust.
        return isinstance(getattr(error, "reason", None), ssl.SSLError)
    return True


def no_model(name: str, reason: str) -> SuspectError:
    """Say why a model cannot be loaded."""
    return SuspectError(
        f"model {name!r} cannot be loaded ({reason})", expected="a folder or hub name of a causal language model"
    )

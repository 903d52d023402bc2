"""Where does a Hugging Face model lie: in a folder, on this machine since an earlier use, or on a hub that answers?"""

from __future__ import annotations

from pathlib import Path

import huggingface_hub

from provenance import hubs
from provenance.errors import SuspectError

FILES = ("config.json", "adapter_config.json")
"""One of which every model has, whole or an adapter."""


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
    if not huggingface_hub.is_offline_mode() and hubs.is_reached():
        return place, revision or None
    if cached:
        return str(Path(cached).parent), None
    raise no_model(name, "not on this machine, and no hub can be reached")


def no_model(name: str, reason: str) -> SuspectError:
    """Say why a model cannot be loaded."""
    return SuspectError(
        f"model {name!r} cannot be loaded ({reason})", expected="a folder or hub name of a causal language model"
    )

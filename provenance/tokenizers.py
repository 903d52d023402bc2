"""Which tokenizer is this, and is it the same as another?"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from provenance.errors import InputError, MismatchError
from provenance.records import Tokenizer

FILES = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt")
WANTED = "a folder with tokenizer.json, or a hub name"


def load(name: str, revision: str | None = None) -> Any:
    """Load a fast tokenizer from a folder or by its hub name.

    Raises
    ------
    InputError
        If there is none.
    """
    # A mistyped folder is no hub name, and asking the hub for it would take a minute without a network.
    if name.startswith(("/", "./", "../", "~")) and not Path(name).expanduser().exists():
        raise InputError("no such folder", path=name, expected=WANTED)
    from transformers import AutoTokenizer

    from provenance import hubs

    # transformers makes an empty tokenizer of a folder that has none.
    if Path(name).is_dir() and not any((Path(name) / file).exists() for file in FILES):
        raise InputError("no tokenizer in this folder", path=name, expected=f"one of {', '.join(FILES)}")
    here = not Path(name).expanduser().exists() and hubs.only_here(
        name, files=FILES, revision=revision, expected=WANTED
    )
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            Path(name).expanduser() if name.startswith("~") else name,
            revision=revision,
            trust_remote_code=False,
            local_files_only=here,
        )
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        raise InputError(
            f"no tokenizer can be loaded ({reason})",
            path=name,
            expected=WANTED,
        ) from error
    if not tokenizer.is_fast:
        raise InputError("a slow tokenizer", path=name, expected="a fast one, with a tokenizer.json")
    return tokenizer


def identify(tokenizer: Any, name: str, revision: str | None = None) -> Tokenizer:
    """Name a loaded fast tokenizer, with the digest that tells it from any other."""
    return Tokenizer(name=name, revision=revision, sha256=tokenizer_digest(tokenizer))


def tokenizer_digest(tokenizer: Any) -> str:
    """SHA-256 of a fast tokenizer's serialisation, in hex.

    Truncation and padding are left out: a call with ``padding=True`` leaves them set, and the same text still has the
    same tokens.
    """
    serialised = json.loads(tokenizer.backend_tokenizer.to_str())
    serialised |= {"truncation": None, "padding": None}
    return hashlib.sha256(json.dumps(serialised, ensure_ascii=False).encode()).hexdigest()


def find(name: str, revision: str | None = None) -> Any:
    """Load a tokenizer where there is one to load, and give None where there is not."""
    try:
        return load(name, revision)
    except InputError:
        return None


def recorded(tokenizer: Tokenizer) -> Any:
    """Load the tokenizer that made recorded ids, if it can be had, and no other that came to lie under its name.

    Raises
    ------
    MismatchError
        If another one lies there.
    """
    found = find(tokenizer.name, revision=tokenizer.revision)
    if found and tokenizer_digest(found) != tokenizer.sha256:
        raise MismatchError(
            f"the tokenizer at {tokenizer.name} is not the one that made the recorded token ids",
            expected=f"sha256 {tokenizer.sha256[:12]}",
        )
    return found

"""How does an owner show later that a file existed, unchanged, before the suspect did?

A commitment is a salted digest that may be published: it says nothing of the file. Its opening, the salt, stays with
the owner. Without a witness to the time it is the owner's word, and evidence says so.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import storage
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.evidence import Commitment

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

SCHEMA = "provtool/commitment/1"
OPENING_SCHEMA = "provtool/opening/1"


def commit(path: str | os.PathLike[str]) -> Commitment:
    """Commit to one file: write ``FILE.commitment.json`` to publish and ``FILE.opening.json`` to keep.

    Raises
    ------
    InputError
        If the file cannot be read, or was committed to before: what has been published could then never be opened.
    """
    for beside in (f"{path}.commitment.json", f"{path}.opening.json"):
        if Path(beside).exists():
            what = "exists, and a commitment is never written over"
            raise InputError(what, path=beside, hint="moving it and its counterpart away together")
    salt = secrets.token_bytes(32)
    commitment = Commitment(
        artifact=Path(path).name,
        root=_root(storage.digest(path), salt),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    opening = {"schema": OPENING_SCHEMA, "root": commitment.root, "salt": salt.hex()}
    storage.write_json(f"{path}.opening.json", opening, secret=True)
    storage.write_json(
        f"{path}.commitment.json",
        {
            "schema": SCHEMA,
            "artifact": commitment.artifact,
            "root": commitment.root,
            "time": commitment.time,
            "witness": commitment.witness,
        },
    )
    return commitment


def find(paths: Sequence[str | os.PathLike[str]]) -> tuple[Commitment, ...]:
    """Give the commitments that lie beside files, each opened and checked.

    Raises
    ------
    MismatchError
        If a file is not the one that was committed to.
    ArtifactError
        If a commitment or its opening is damaged, or names a witness.
    """
    return tuple(_opened(path) for path in paths if Path(f"{path}.commitment.json").exists())


def _opened(path: str | os.PathLike[str]) -> Commitment:
    public = storage.read_json(f"{path}.commitment.json", schema=SCHEMA)
    opening = storage.read_json(f"{path}.opening.json", schema=OPENING_SCHEMA)
    salt = _hex(opening, "salt", f"{path}.opening.json")
    _hex(public, "root", f"{path}.commitment.json")
    commitment = Commitment(
        artifact=str(public.get("artifact")), root=public["root"], time=str(public.get("time")), witness=None
    )
    if public.get("witness") is not None:
        # A name written into the file by hand would silence the caveat that nobody vouches for the time.
        raise ArtifactError(
            "names a witness, and nothing proves one", path=f"{path}.commitment.json", expected="witness null"
        )
    if not hmac.compare_digest(_root(storage.digest(path), salt), commitment.root):
        raise MismatchError(
            f"{path} is not the file that was committed to on {commitment.time}",
            expected="the unchanged file",
            hint="the original file, or a new commitment",
        )
    return commitment


def _hex(value: Mapping[str, Any], name: str, path: str) -> bytes:
    try:
        return bytes.fromhex(value[name])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{name!r} is damaged or missing", path=path, expected="hex digits") from error


def _root(digest: str, salt: bytes) -> str:
    return hmac.new(salt, bytes.fromhex(digest), hashlib.sha256).hexdigest()

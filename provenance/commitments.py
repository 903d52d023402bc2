"""How does an owner show later that a file existed, unchanged, before the suspect did?

A commitment is a salted digest that may be published: it says nothing of the file. Its opening, the salt, stays with
the owner. Without a witness to the time it is the owner's word, and evidence says so; a time-stamp authority's token
over the digest is such a witness. Beside FILE stand

- ``FILE.commitment.json`` and ``FILE.commitment.tsr``, the token: to publish;
- ``FILE.opening.json``: to keep.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import storage, timestamps, witnesses
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.evidence import Commitment
from provenance.timestamps import Proven
from provenance.witnesses import Unstamped

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from cryptography.x509 import Certificate

    from provenance.authorities import Patience
    from provenance.timestamps import Stamp

SCHEMA = "provtool/commitment/1"
OPENING_SCHEMA = "provtool/opening/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A commitment whose file is the one that was committed to, and what speaks for its time."""

    commitment: Commitment
    """Its witness is named only where a trusted authority's token proves it."""
    stamp: Stamp | Unstamped


def commit(path: str | os.PathLike[str]) -> Commitment:
    """Commit to one file: write ``FILE.commitment.json`` to publish and ``FILE.opening.json`` to keep.

    Raises
    ------
    InputError
        If the file cannot be read, or was committed to before: what has been published could then never be opened.
    """
    check_free(path)
    salt = secrets.token_bytes(32)
    commitment = Commitment(
        artifact=Path(path).name,
        root=_root(storage.digest(path), salt),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    opening = {"schema": OPENING_SCHEMA, "root": commitment.root, "salt": salt.hex()}
    storage.write_json(f"{path}.opening.json", opening, secret=True)
    _publish(path, commitment)
    return commitment


def check_free(path: str | os.PathLike[str]) -> None:
    """Refuse a file that was committed to: a second salt would leave what was published closed for ever.

    Raises
    ------
    InputError
        If any part of a commitment lies beside it.
    """
    for beside in _beside(path):
        if beside.exists():
            what = "exists, and a commitment is never written over"
            raise InputError(what, path=beside, hint="moving it and its counterpart away together")


def is_committed(path: str | os.PathLike[str]) -> bool:
    """Say whether a commitment lies beside a file."""
    return Path(f"{path}.commitment.json").exists()


def has_opening(path: str | os.PathLike[str]) -> bool:
    """Say whether the commitment beside a file can be opened here: whoever was given the public part cannot."""
    return Path(f"{path}.opening.json").exists()


def stamp(
    path: str | os.PathLike[str],
    *,
    url: str,
    trusted: Sequence[Certificate] | None = None,
    patience: Patience | None = None,
) -> Stamp:
    """Have an authority stamp the commitment that lies beside an unchanged file; one that is stamped stays as it is.

    The token is kept before anything speaks of it, so that a failure at any point leaves a sound commitment, and
    asking again makes up for it.

    Parameters
    ----------
    url
        The authority's address.
    trusted
        Roots that may vouch for it; those that HTTPS trusts here when None.

    Raises
    ------
    InputError
        If there is no commitment, or the authority cannot be asked.
    ArtifactError
        If it answers anything but a token for this commitment.
    MismatchError
        If the file is not the one that was committed to.
    """
    opened = open_beside(path, trusted=trusted)
    found = opened.stamp
    if isinstance(found, Unstamped):
        found = witnesses.ask(path, root=opened.commitment.root, url=url, trusted=trusted, patience=patience)
    _publish(path, replace(opened.commitment, witness=timestamps.witness(found)))
    return found


def find(
    paths: Sequence[str | os.PathLike[str]], *, trusted: Sequence[Certificate] | None = None
) -> tuple[Commitment, ...]:
    """Give the commitments that lie beside files, each opened and checked, with the witnesses that tokens prove.

    Raises
    ------
    MismatchError
        If a file is not the one that was committed to.
    ArtifactError
        If a commitment, its opening or its token is damaged, or a witness is named that no token proves.
    """
    return tuple(open_beside(path, trusted=trusted).commitment for path in paths if is_committed(path))


def open_beside(
    path: str | os.PathLike[str], *, trusted: Sequence[Certificate] | None = None, sha256: str | None = None
) -> Opened:
    """Open and check the commitment beside one file, as `find` does, and say what speaks for its time.

    Parameters
    ----------
    sha256
        Digest of the file that was committed to, where something else stands in its place.
    """
    public = _public(path)
    opening = storage.read_json(f"{path}.opening.json", schema=OPENING_SCHEMA)
    salt = _hex(opening, "salt", f"{path}.opening.json")
    if opening.get("root") != public["root"]:
        raise MismatchError(f"{path}.opening.json opens another commitment", expected=f"root {public['root'][:12]}")
    found = read_stamp(path, trusted=trusted)
    commitment = Commitment(
        artifact=str(public.get("artifact")),
        root=public["root"],
        time=str(public.get("time")),
        witness=timestamps.witness(found) if isinstance(found, Proven) else None,
    )
    if not hmac.compare_digest(_root(sha256 or storage.digest(path), salt), commitment.root):
        raise MismatchError(
            f"{path} is not the file that was committed to on {commitment.time}",
            expected="the unchanged file",
            hint="the original file, or a new commitment",
        )
    return Opened(commitment=commitment, stamp=found)


def read_stamp(path: str | os.PathLike[str], *, trusted: Sequence[Certificate] | None = None) -> Stamp | Unstamped:
    """Say what speaks for the time of the commitment beside a file, for which its opening is not needed.

    Raises
    ------
    ArtifactError
        As `find`.
    """
    public = _public(path)
    return witnesses.read(path, root=public["root"], named=public.get("witness"), trusted=trusted)


def published(path: str | os.PathLike[str]) -> Commitment:
    """Give the commitment beside a file as it was published, opened by nobody; a witness is named, not proven.

    Raises
    ------
    ArtifactError
        If it is damaged.
    """
    public = _public(path)
    if not isinstance(public.get("witness"), str | None):
        raise ArtifactError("its witness is damaged", path=f"{path}.commitment.json", expected="a name or null")
    return Commitment(
        artifact=str(public.get("artifact")),
        root=public["root"],
        time=str(public.get("time")),
        witness=public.get("witness"),
    )


def _public(path: str | os.PathLike[str]) -> dict[str, Any]:
    public = storage.read_json(f"{path}.commitment.json", schema=SCHEMA)
    _hex(public, "root", f"{path}.commitment.json")
    return public


def _publish(path: str | os.PathLike[str], commitment: Commitment) -> None:
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


def _beside(path: str | os.PathLike[str]) -> tuple[Path, ...]:
    return Path(f"{path}.commitment.json"), Path(f"{path}.opening.json"), witnesses.token(path)


def _hex(value: Mapping[str, Any], name: str, path: str) -> bytes:
    try:
        return bytes.fromhex(value[name])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{name!r} is damaged or missing", path=path, expected="hex digits") from error


def _root(digest: str, salt: bytes) -> str:
    return hmac.new(salt, bytes.fromhex(digest), hashlib.sha256).hexdigest()

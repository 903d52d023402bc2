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

from provenance import authorities, storage, timestamps
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.evidence import Commitment
from provenance.timestamps import Doubtful, Proven

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from cryptography.x509 import Certificate

    from provenance.authorities import Patience
    from provenance.timestamps import Stamp

SCHEMA = "provtool/commitment/1"
OPENING_SCHEMA = "provtool/opening/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstamped:
    """No authority's token lies beside the commitment."""


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
        query = timestamps.request(opened.commitment.root)
        answer = authorities.ask(url, query.as_bytes(), patience=patience)
        found = _read(answer, opened.commitment.root, trusted, place=authorities.shown(url), nonce=query.nonce)
        with storage.atomic(_token(path)) as temporary:
            temporary.write_bytes(answer)
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


def open_beside(path: str | os.PathLike[str], *, trusted: Sequence[Certificate] | None = None) -> Opened:
    """Open and check the commitment beside one file, as `find` does, and say what speaks for its time."""
    public = storage.read_json(f"{path}.commitment.json", schema=SCHEMA)
    opening = storage.read_json(f"{path}.opening.json", schema=OPENING_SCHEMA)
    salt = _hex(opening, "salt", f"{path}.opening.json")
    _hex(public, "root", f"{path}.commitment.json")
    found = _stamp(path, public, trusted)
    commitment = Commitment(
        artifact=str(public.get("artifact")),
        root=public["root"],
        time=str(public.get("time")),
        witness=timestamps.witness(found) if isinstance(found, Proven) else None,
    )
    if not hmac.compare_digest(_root(storage.digest(path), salt), commitment.root):
        raise MismatchError(
            f"{path} is not the file that was committed to on {commitment.time}",
            expected="the unchanged file",
            hint="the original file, or a new commitment",
        )
    return Opened(commitment=commitment, stamp=found)


def _stamp(
    path: str | os.PathLike[str], public: Mapping[str, Any], trusted: Sequence[Certificate] | None
) -> Stamp | Unstamped:
    """Read the token; a name written into the commitment by hand must not silence the caveat that nobody vouches."""
    found: Stamp | Unstamped = Unstamped()
    if _token(path).exists():
        found = _read(_response(_token(path)), public["root"], trusted, place=_token(path))
    named, place = public.get("witness"), f"{path}.commitment.json"
    match found:
        case Unstamped() if named is not None:
            raise ArtifactError("names a witness, and nothing proves one", path=place, expected="witness null")
        case Proven() | Doubtful() if named not in {None, timestamps.witness(found)}:
            what = "names another witness than its time stamp"
            raise ArtifactError(what, path=place, expected=repr(timestamps.witness(found)))
    return found


def _read(
    response: bytes, root: str, trusted: Sequence[Certificate] | None, *, place: Path | str, nonce: int | None = None
) -> Stamp:
    roots = timestamps.default_roots() if trusted is None else trusted
    return timestamps.read(response, root=root, trusted=roots, place=place, nonce=nonce)


def _response(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(authorities.LARGEST)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from error


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


def _token(path: str | os.PathLike[str]) -> Path:
    return Path(f"{path}.commitment.tsr")


def _beside(path: str | os.PathLike[str]) -> tuple[Path, ...]:
    return Path(f"{path}.commitment.json"), Path(f"{path}.opening.json"), _token(path)


def _hex(value: Mapping[str, Any], name: str, path: str) -> bytes:
    try:
        return bytes.fromhex(value[name])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{name!r} is damaged or missing", path=path, expected="hex digits") from error


def _root(digest: str, salt: bytes) -> str:
    return hmac.new(salt, bytes.fromhex(digest), hashlib.sha256).hexdigest()

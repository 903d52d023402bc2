"""Who vouches for the time of a commitment, going by the token that lies beside it?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from provenance import authorities, storage, timestamps, trust
from provenance.errors import ArtifactError, InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from cryptography.x509 import Certificate

    from provenance.authorities import Patience
    from provenance.timestamps import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstamped:
    """No authority's token lies beside the commitment."""


def token(path: str | os.PathLike[str]) -> Path:
    """Say where the token of a file's commitment lies."""
    return Path(f"{path}.commitment.tsr")


def read(
    path: str | os.PathLike[str], *, root: str, named: object, trusted: Sequence[Certificate] | None
) -> Stamp | Unstamped:
    """Read the token beside a file, and refuse a witness whom it does not prove.

    A name written into a commitment by hand would silence the caveat that nobody vouches for the time.

    Parameters
    ----------
    root, named
        What the commitment gives as its root and its witness.
    trusted
        Roots that may vouch for an authority; those that HTTPS trusts here when None.

    Raises
    ------
    ArtifactError
        If the token is none for this root, or proves another witness, or a witness is named without one.
    """
    place = f"{path}.commitment.json"
    if not token(path).exists():
        if named is not None:
            raise ArtifactError("names a witness, and nothing proves one", path=place, expected="witness null")
        return Unstamped()
    found = timestamps.read(_content(token(path)), root=root, trusted=_roots(trusted), place=token(path))
    if named is not None and named != timestamps.witness(found):
        what = "names another witness than its time stamp"
        raise ArtifactError(what, path=place, expected=repr(timestamps.witness(found)))
    return found


def ask(
    path: str | os.PathLike[str],
    *,
    root: str,
    url: str,
    trusted: Sequence[Certificate] | None,
    patience: Patience | None,
) -> Stamp:
    """Have an authority sign the root, and keep its token beside the file.

    Raises
    ------
    InputError
        If the authority cannot be asked.
    ArtifactError
        If it answers anything but a token for this root and this request.
    """
    query = timestamps.request(root)
    answer = authorities.ask(url, query.as_bytes(), patience=patience)
    place = authorities.shown(url)
    found = timestamps.read(answer, root=root, trusted=_roots(trusted), place=place, nonce=query.nonce)
    with storage.atomic(token(path)) as temporary:
        temporary.write_bytes(answer)
    return found


def _roots(trusted: Sequence[Certificate] | None) -> Sequence[Certificate]:
    return trust.default_roots() if trusted is None else trusted


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(authorities.LARGEST)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from error

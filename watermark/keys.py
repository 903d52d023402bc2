"""Which secret deals every choice, and how are numbers drawn from it without bias?

A key is 32 random bytes in a file that only its owner can read, or in the environment variable ``PROVTOOL_KEY``. It
never stands on a command line, in a name, a log or an error.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "provtool-key-1:"
BYTES = 32
LONGEST = 4096
"""No more of a file is read than this, should somebody name a disk as a key."""
FORMAT = re.compile(rf"\s*{PREFIX}([0-9a-f]{{{2 * BYTES}}})\s*", re.IGNORECASE)
ENVIRONMENT = "PROVTOOL_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A secret and the public name it goes by; printing it shows the name only."""

    secret: bytes = field(repr=False)
    id: str
    """Digest by which ledgers and certificates name the key; says nothing of the secret."""


def new(path: str | os.PathLike[str]) -> Key:
    """Make a key and write it to a new file that only its owner can read.

    Raises
    ------
    InputError
        If the file exists: a key is never overwritten.
    """
    return keep(secrets.token_bytes(BYTES), path)


def keep(secret: bytes, path: str | os.PathLike[str]) -> Key:
    """Write a secret that comes from elsewhere, such as a hardware generator, to a new key file.

    Raises
    ------
    InputError
        As `new`.
    ValueError
        If the secret is not 32 bytes long.
    """
    if len(secret) != BYTES:
        raise ValueError(f"a secret of {len(secret)} bytes, expected {BYTES}")
    if os.path.lexists(path):
        raise _exists(path)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _exists(path) if os.path.lexists(path) else _unwritable(path, error) from error
    with os.fdopen(handle, "w") as stream:
        stream.write(f"{PREFIX}{secret.hex()}\n")
        stream.flush()
        os.fsync(stream.fileno())
    return _named(secret)


def load(path: str | os.PathLike[str] | None = None) -> Key:
    """Read a key from its file, or from ``PROVTOOL_KEY`` where no file is given.

    Raises
    ------
    InputError
        If there is none, or it is no key of ours; the message never shows what was found.
    """
    if path is None and ENVIRONMENT not in os.environ:
        raise InputError("no key was given", expected=f"--key FILE or {ENVIRONMENT}", hint="provtool key new KEY")
    secret = _secret(path)
    if secret is None:
        raise InputError(
            "not a provtool key, or of the wrong length",
            path=path or f"environment variable {ENVIRONMENT}",
            expected=f"'{PREFIX}' and {2 * BYTES} hexadecimal digits",
            hint="provtool key new KEY",
        )
    return _named(secret)


def subkey(key: Key, purpose: str) -> Key:
    """Derive a key for one purpose, such as one recipient, that says nothing of its parent (HKDF, RFC 5869)."""
    return _named(_derive(key.secret, f"provtool subkey {purpose}"))


def permutation(key: Key, size: int, *, about: tuple[str, ...]) -> list[int]:
    """Draw a permutation of 0 … size − 1 that key and subject determine, every one equally likely.

    Fisher–Yates over HMAC-SHA256 in counter mode, with rejection in place of a biased remainder.
    """
    draws, order = _words(key, about), list(range(size))
    for last in range(size - 1, 0, -1):
        other = _below(last + 1, draws)
        order[last], order[other] = order[other], order[last]
    return order


def keyed_digest(key: Key, content: bytes, *, purpose: str) -> str:
    """Give a digest that hides its content from whoever lacks the key."""
    return hmac.new(_derive(key.secret, f"provtool digest {purpose}"), content, hashlib.sha256).hexdigest()


def _named(secret: bytes) -> Key:
    return Key(secret=secret, id=_derive(secret, "provtool key id").hex()[:16])


def _derive(secret: bytes, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=BYTES, salt=None, info=info.encode()).derive(secret)


def _words(key: Key, about: tuple[str, ...]) -> Iterator[int]:
    """Give 32-bit numbers; every part of the subject is preceded by its length, so that no two subjects collide."""
    subject = b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in about)
    counter = 0
    while True:
        block = hmac.new(key.secret, subject + counter.to_bytes(8, "big"), hashlib.sha256).digest()
        yield from (int.from_bytes(block[at : at + 4], "big") for at in range(0, len(block), 4))
        counter += 1


def _below(bound: int, draws: Iterator[int]) -> int:
    limit = (1 << 32) - (1 << 32) % bound
    return next(draw for draw in draws if draw < limit) % bound


def _secret(path: str | os.PathLike[str] | None) -> bytes | None:
    """Find the secret, or None: whoever raises then has nothing of what was read among a traceback's locals."""
    found = FORMAT.fullmatch(os.environ[ENVIRONMENT] if path is None else _read(path))
    return bytes.fromhex(found[1]) if found else None


def _read(path: str | os.PathLike[str]) -> str:
    if PREFIX in os.fspath(path).lower():
        raise InputError("a key itself was given in place of its file's name, and is not shown", expected="a key file")
    try:
        with Path(path).open(encoding="ascii", errors="replace") as stream:
            return stream.read(LONGEST)
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror})", path=path, expected="a key file", hint="provtool key new KEY"
        ) from error


def _exists(path: str | os.PathLike[str]) -> InputError:
    return InputError("exists, and a key is never overwritten", path=path, hint="another name")


def _unwritable(path: str | os.PathLike[str], error: OSError) -> InputError:
    return InputError(f"cannot be written ({error.strerror})", path=path)

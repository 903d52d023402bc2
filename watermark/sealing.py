"""How does what a ledger will need travel beside a text, without being read by whoever sees the table?

A marked document's row of the ledger is encrypted under sub-keys of the key that dealt it, and goes along as a column.
Whoever finds the column in a cache, or publishes it by mistake, finds noise. AES-SIV (RFC 5297) gives the same bytes
for the same row, and needs no nonce; the settings of the marker are bound to it, so that a row that another marker
sealed does not open.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from provenance import storage
from provenance.errors import MismatchError
from watermark import keys, ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watermark.keys import Key
    from watermark.ledger import Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What is known of one document that passed a marker."""

    id: str
    marked: Marked | None = None
    """None where it has no site."""
    opted_out: bool = False
    foreign: bool = False
    """Whether it was left alone because it is not English."""


class Seal:
    """Seal and open rows for one key and one set of settings."""

    def __init__(self, key: Key, settings: Mapping[str, Any]) -> None:
        parts = [keys.subkey(key, f"seal {half}").secret for half in ("authentication", "encryption")]
        self._cipher = AESSIV(b"".join(parts))
        self._bound = [storage.digest_json(dict(settings)).encode()]
        self._recipient = settings["recipient"]

    def close(self, sealed: Sealed) -> bytes:
        """Encrypt a row."""
        row = None if sealed.marked is None else ledger.to_row(sealed.marked, recipient=self._recipient)
        value = {"id": sealed.id, "row": row, "opted_out": sealed.opted_out, "foreign": sealed.foreign}
        plain = zlib.compress(storage.dump_json(value, indent=None).encode())
        return self._cipher.encrypt(plain, self._bound)

    def open(self, content: object, *, place: str) -> Sealed:
        """Decrypt a row.

        Raises
        ------
        MismatchError
            If it was sealed under another key or other settings, or is no sealed row at all.
        """
        try:
            plain = self._cipher.decrypt(content if isinstance(content, bytes) else b"", self._bound)
        except (InvalidTag, ValueError) as error:
            raise MismatchError(
                f"{place}: not sealed by this marker", expected="the key and the settings that it was marked with"
            ) from error
        value = json.loads(zlib.decompress(plain))
        marked = None if value["row"] is None else ledger.from_row(value["row"], path=place)
        return Sealed(id=value["id"], marked=marked, opted_out=value["opted_out"], foreign=value["foreign"])

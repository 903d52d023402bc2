"""Which key dealt a ledger, did it deal every choice in it, and is there an exact test of it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenance.errors import InputError, MismatchError
from watermark import keys, variants

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from watermark.keys import Key
    from watermark.ledger import Ledger, Marked


def dealing_key(key: Key, recipient: str | None) -> Key:
    """Give the key that deals: the owner's own, or the recipient's sub-key."""
    return key if recipient is None else keys.subkey(key, f"recipient {recipient}")


def check_exact(ledger: Ledger) -> None:
    """Refuse a ledger of which no test is exact.

    Raises
    ------
    InputError
        If it was dealt without a key, or no document has a site.
    """
    check_keyed(ledger.settings, path=ledger.path)
    if not ledger.documents:
        raise InputError("no document of this ledger has a site", path=ledger.path, expected="at least one")


def check_keyed(settings: Mapping[str, Any], *, path: str | os.PathLike[str]) -> None:
    """Refuse a ledger that was dealt without a key."""
    if settings["key_id"] is None:
        raise InputError(
            f"strategy {settings['strategy']!r} deals without a key and has no exact null",
            path=path,
            expected="a ledger of strategy 'keyed'",
        )


def check_deals(ledger: Ledger, key: Key) -> None:
    """Deal every choice again with the key and compare.

    Raises
    ------
    MismatchError
        If the key is another one, or a choice is not what it deals.
    """
    own = check_dealer(ledger.settings, key, path=ledger.path)
    for document in ledger.documents:
        check_dealt(document, own, release=ledger.release, path=ledger.path)


def check_dealer(settings: Mapping[str, Any], key: Key, *, path: str | os.PathLike[str]) -> Key:
    """Give the key that dealt a ledger with these settings, or say that it is another one."""
    own = dealing_key(key, settings["recipient"])
    if settings["key_id"] is None:
        raise InputError("this ledger was dealt without a key", path=path, hint="leaving out --key")
    if own.id != settings["key_id"]:
        raise MismatchError(f"{path}: dealt by key {settings['key_id']}", expected=f"a ledger of key {own.id}")
    return own


def check_dealt(document: Marked, own: Key, *, release: str, path: str | os.PathLike[str]) -> None:
    """Deal the choices of one document again and compare."""
    for site, chosen in zip(document.sites, document.chosen, strict=True):
        dealt = variants.deal(own, site, release=release, document=document.id, variants=document.variants)
        if dealt != chosen:
            raise MismatchError(
                f"{path}: document {document.id!r}, word {site.word!r} at {site.start}: "
                "the recorded choices are not what the key deals",
                expected="a ledger that nobody has altered",
            )

"""Which claims of a certificate hold, beside the release, the ledger and the key?"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenance import storage
from provenance.checks import Check, Failed, Held, Skipped
from provenance.errors import ArtifactError, InputError, MismatchError
from watermark import certificate, dealing, differences, keys, restoring

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from watermark.keys import Key
    from watermark.ledger import Ledger

SHARED = ("release", "strategy", "alternates", "recipient", "rules", "tagger", "key_id")
"""Settings that certificate and ledger both name."""
COUNTS = ("documents", "marked", "sites", "edits")
"""What release and ledger can be counted for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a certificate says of a release."""

    settings: dict[str, Any]
    counts: dict[str, int]
    files: dict[str, str]
    """SHA-256 of every released file."""
    ledger_commitment: str | None


def read(path: str | os.PathLike[str]) -> Claims:
    """Read a certificate.

    Raises
    ------
    ArtifactError
        If it is damaged, or none.
    """
    value = storage.read_json(path, schema=certificate.SCHEMA)
    counts, files, commitment = value.get("counts"), value.get("release_sha256"), value.get("ledger_commitment")
    if not isinstance(counts, dict) or any(type(counts.get(name)) is not int for name in COUNTS):
        raise ArtifactError("its counts are damaged or missing", path=path, expected="whole numbers")
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        raise ArtifactError("its digests are damaged or missing", path=path, expected="a digest for each file")
    if not isinstance(commitment, str | None):
        raise ArtifactError("its ledger commitment is damaged", path=path, expected="hex digits or null")
    return Claims(
        settings={name: value.get(name) for name in SHARED},
        counts={name: counts[name] for name in COUNTS},
        files=files,
        ledger_commitment=commitment,
    )


def check_files(claims: Claims, folder: Path) -> Iterator[Check]:
    """Compare every file of the release with its digest, and name what is missing, extra or altered."""
    what = "release files"
    there = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    faults = [f"{folder / name}: missing" for name in claims.files if name not in there]
    faults += [f"{folder / name}: not in the certificate" for name in there if name not in claims.files]
    shared = [name for name in there if name in claims.files]
    faults += [f"{folder / name}: altered" for name in shared if storage.digest(there[name]) != claims.files[name]]
    yield from (Failed(what=what, detail=fault) for fault in faults)
    if not faults:
        yield Held(what=what, detail=f"{len(there)} with the digests that the certificate gives")


def check_key(claims: Claims, path: Path, key: Key) -> Iterator[Check]:
    """Check with the owner's key that the certificate commits to this very ledger."""
    what, own = "ledger commitment", dealing.dealing_key(key, claims.settings["recipient"])
    if claims.ledger_commitment is None:
        yield Skipped(what=what, detail="the certificate has none: the release was marked without a key")
    elif own.id != claims.settings["key_id"]:
        yield Failed(what=what, detail=f"key {own.id} was given; the certificate names {claims.settings['key_id']}")
    else:
        found = keys.keyed_digest(own, storage.digest(path).encode(), purpose="ledger")
        if hmac.compare_digest(found.encode(), claims.ledger_commitment.encode()):
            yield Held(what=what, detail="the certificate commits to this ledger")
        else:
            yield Failed(what=what, detail=f"{path}: not the ledger that the certificate commits to")


def check_deals(book: Ledger, key: Key) -> Iterator[Check]:
    """Deal every choice of the ledger again."""
    what = "deals"
    try:
        dealing.check_deals(book, key)
    except MismatchError as error:
        yield Failed(what=what, detail=str(error))
    except InputError as error:
        yield Skipped(what=what, detail=str(error))
    else:
        yield Held(what=what, detail=f"key {book.key_id} deals every choice of {len(book.documents):,} documents")


def check_settings(claims: Claims, book: Ledger) -> Iterator[Check]:
    """Compare what certificate and ledger say of how the release was made."""
    what = "settings"
    other = [name for name in SHARED if claims.settings[name] != book.settings.get(name)]
    for name in other:
        both = f"{claims.settings[name]!r} in the certificate, {book.settings.get(name)!r} in the ledger"
        yield Failed(what=what, detail=f"{name}: {both}")
    if not other:
        yield Held(what=what, detail="certificate and ledger agree")


def check_documents(
    claims: Claims, book: Ledger, folder: Path, *, progress: Callable[[int, int | None], None]
) -> Iterator[Check]:
    """Check that the release renders variant 0 of the ledger, and that there is as much of everything as is claimed."""
    what = "documents"
    try:
        found = differences.find(restoring.open_release(folder, book.settings), book, progress=progress)
    except InputError as error:
        yield Failed(what=what, detail=str(error))
        return
    yield from (_failed(difference, what) for difference in found.differences)
    if not found.differences:
        yield Held(what=what, detail=f"{len(book.documents):,} marked documents stand as the ledger renders them")
    yield from _check_counts(claims.counts, book, documents=found.documents)


def _failed(difference: differences.Difference, what: str) -> Failed:
    kind = "is not what the ledger renders" if difference.kind == "edited" else "is missing"
    return Failed(what=what, detail=f"{difference.place}: document {difference.document!r} {kind}")


def _check_counts(claimed: Mapping[str, int], book: Ledger, *, documents: int) -> Iterator[Check]:
    what = "counts"
    published = [choices[0] for marked in book.documents for choices in marked.chosen]
    numbers = documents, len(book.documents), len(published), sum(option != 0 for option in published)
    counted = dict(zip(COUNTS, numbers, strict=True))
    other = {name: count for name, count in counted.items() if claimed[name] != count}
    for name, count in other.items():
        yield Failed(what=what, detail=f"{name}: {claimed[name]:,} claimed, {count:,} found")
    if not other:
        yield Held(what=what, detail="; ".join(f"{count:,} {name}" for name, count in counted.items()))

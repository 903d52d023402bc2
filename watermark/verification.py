"""Does what lies beside a certificate, or beside a commitment, still agree with it?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from provenance import commitments, kinds, storage, vouching
from provenance.checks import Check, Failed, Skipped, Verification
from provenance.errors import InputError, MismatchError
from watermark import certificate, claims, croissant, ledger
from watermark.certifying import CERTIFICATE_FILE, DESCRIPTION_FILE, LEDGER_FILE, RELEASE_FOLDER

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from cryptography.x509 import Certificate

    from watermark.claims import Claims
    from watermark.keys import Key

ENDINGS = (".commitment.json", ".commitment.tsr", ".opening.json")
"""How what lies beside a file that was committed to is called."""
HINTS = {
    "evidence": "provtool audit … --bundle DIR, whose numbers are computed again, or provtool sign FILE",
    "key": "provtool verify RELEASE --key FILE",
    "signature": "the name of the file that was signed",
    "rerun": "provtool audit reshuffle, which checks what it reads",
    "reruns": "provtool audit reshuffle, which checks what it reads",
}
"""What says more of a kind than a commitment could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a verifier holds beside the certificate; what is None is skipped."""

    ledger: Path | None = None
    key: Key | None = None
    """The owner's key, also for a recipient's copy."""
    trusted: Sequence[Certificate] | None = None
    """Roots that may vouch for time stamps; those that HTTPS trusts when None."""
    progress: Callable[[int, int | None], None] = lambda _done, _total: None
    """Called with (documents read, None)."""


def verify(path: str | os.PathLike[str], *, means: Means | None = None) -> Verification:
    """Check a certificate and all that lies beside it, or one file's commitment.

    Parameters
    ----------
    path
        ``certificate.json``, the folder around it, or a file with a commitment beside it.
    means
        A ledger that lies beside the certificate is used where none is named.

    Raises
    ------
    InputError
        If there is nothing at `path` that can be verified, or a ledger that was named is not there.
    """
    place, held = _target(Path(path)), means or Means()
    if held.ledger is not None and not held.ledger.is_file():
        raise InputError("no such file", path=held.ledger, expected="a ledger")
    if held.ledger is not None and not _is_certificate(place):
        raise InputError("no certificate: a ledger says nothing about it", path=place, hint="leaving out --ledger")
    found = _of_release(place, held) if _is_certificate(place) else vouching.check(place, trusted=held.trusted)
    return Verification(path=place, checks=tuple(found))


def _target(path: Path) -> Path:
    if path.is_dir():
        if not (path / CERTIFICATE_FILE).is_file():
            what = f"a folder with neither bundle.json nor {CERTIFICATE_FILE}"
            raise InputError(what, path=path, expected="a bundle, or a release with its certificate")
        return path / CERTIFICATE_FILE
    for ending in ENDINGS:
        if path.name.endswith(ending):
            path = path.with_name(path.name.removesuffix(ending))
    if not path.is_file():
        raise InputError("no such file", path=path, expected="a certificate, or a file with a commitment beside it")
    if not _is_certificate(path) and not commitments.is_committed(path):
        kind = kinds.tell(path)
        hint = HINTS.get(kind or "", f"provtool commit {path}").replace("FILE", str(path))
        known = f"a file of kind {kind!r}: " if kind else ""
        what = f"{known}no certificate, and no commitment beside it"
        raise InputError(what, path=path, hint=hint)
    return path


def _is_certificate(path: Path) -> bool:
    if path.name == CERTIFICATE_FILE or path.suffix != ".json":
        return path.name == CERTIFICATE_FILE
    try:
        storage.read_json(path, schema=certificate.SCHEMA)
    except InputError:
        return False
    return True


def _of_release(path: Path, means: Means) -> Iterator[Check]:
    claimed, folder = claims.read(path), path.with_name(RELEASE_FOLDER)
    beside = path.with_name(LEDGER_FILE)
    place = means.ledger or (beside if beside.is_file() else None)
    if folder.is_dir():
        yield from claims.check_files(claimed, folder)
    else:
        yield Failed(what="release files", detail=f"{folder}: missing")
    if path.with_name(DESCRIPTION_FILE).is_file():
        yield from croissant.check(path.with_name(DESCRIPTION_FILE), claimed.files, certificate=path)
    else:
        yield Skipped(what="description", detail=f"no {DESCRIPTION_FILE} lies beside the certificate")
    yield from _of_ledger(claimed, place, folder, means)
    yield Skipped(what="words and fidelity figures", detail="not measured again; the release and its corpus would tell")
    for committed in (path, place):
        if committed is not None:
            yield from vouching.check(committed, trusted=means.trusted)


def _of_ledger(claimed: Claims, place: Path | None, folder: Path, means: Means) -> Iterator[Check]:
    if place is None:
        for what in ("ledger commitment", "deals", "settings", "documents", "counts"):
            yield Skipped(what=what, detail="no ledger is at hand; its owner has it: --ledger")
        return
    try:
        book = ledger.read(place)
    except (InputError, MismatchError) as error:
        yield Failed(what="ledger", detail=str(error))
        return
    if means.key is None:
        for what in ("ledger commitment", "deals"):
            yield Skipped(what=what, detail="no key is at hand; its owner has it: --key, or PROVTOOL_KEY")
    else:
        yield from claims.check_key(claimed, place, means.key)
        yield from claims.check_deals(book, means.key)
    yield from claims.check_settings(claimed, book)
    if folder.is_dir():
        yield from claims.check_documents(claimed, book, folder, progress=means.progress)
    else:
        yield Skipped(what="documents", detail="no release is at hand")

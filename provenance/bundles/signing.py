"""Who stands for a bundle, or for a piece of evidence?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from provenance import evidence, signatures, storage
from provenance.bundles import manifests

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from securesystemslib.signer import Key, Signer

    from provenance.bundles.manifests import Bundle
    from provenance.checks import Check

ENDING = ".dsse.json"


def sign(path: str | os.PathLike[str], *, signer: Signer) -> Path:
    """Sign everything in a bundle, or one evidence file; gives the signature's file.

    Raises
    ------
    ArtifactError
        If evidence or manifest are damaged.
    """
    if manifests.is_bundle(path):
        bundle = manifests.read(path)
        found = {claim.evidence: evidence.read(bundle.folder / claim.evidence) for claim in bundle.manifest.claims}
        signatures.write(_of(bundle), files=_files(bundle), found=found, signer=signer)
        return _of(bundle)
    place = Path(path)
    found = {place.name: evidence.read(place)}
    signatures.write(beside(place), files={place.name: storage.digest(place)}, found=found, signer=signer)
    return beside(place)


def check(bundle: Bundle, *, signer: Key | None) -> Iterator[Check]:
    """Check who signed a bundle, and that nothing in it has changed since."""
    return signatures.check(_of(bundle), files=_files(bundle), signer=signer)


def check_beside(path: Path, *, signer: Key | None) -> Iterator[Check]:
    """Check who signed one evidence file, and that it has not changed since."""
    return signatures.check(beside(path), files={path.name: storage.digest(path)}, signer=signer)


def beside(path: Path) -> Path:
    """Say where the signature over one file lies."""
    return Path(f"{path}{ENDING}")


def signed(path: Path) -> Path:
    """Give what a signature's file lies beside: evidence, or the bundle it is in; any other path as it is."""
    if path.name == manifests.SIGNATURE:
        return path.parent
    return path.with_name(path.name.removesuffix(ENDING)) if path.name.endswith(ENDING) else path


def _of(bundle: Bundle) -> Path:
    return bundle.folder / manifests.SIGNATURE


def _files(bundle: Bundle) -> dict[str, str]:
    manifest = storage.digest(bundle.folder / manifests.FILE)
    return {manifests.FILE: manifest, **manifests.digests(bundle.folder)}

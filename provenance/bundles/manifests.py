"""What does a bundle hold, and by which settings was it made?"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from provenance import artifacts, reading, storage
from provenance.errors import ArtifactError, InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

SCHEMA = "provtool/bundle/1"
FILE = "bundle.json"
SIGNATURE = "bundle.dsse.json"
DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One finding of the run."""

    evidence: str
    """Its file in the bundle."""
    about: str = ""
    """What tells its question from the other questions of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that lies in a bundle, and everything that it takes to compute its numbers again."""

    audit: str
    claims: tuple[Claim, ...]
    sources: Mapping[str, str]
    """For each digest that evidence names, the file in the bundle that has it."""
    settings: Mapping[str, Any]
    """Of the whole run."""
    environment: Mapping[str, Any]
    """On what it was computed."""
    files: Mapping[str, str]
    """SHA-256 of every file in the bundle but this one and signatures over it."""
    redacted: bool = False
    """Whether numbers stand here in place of what is private."""
    tool: str = artifacts.TOOL
    schema: str = field(default=SCHEMA, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A folder with its manifest."""

    folder: Path
    manifest: Manifest
    opened: Mapping[str, Path] = field(default_factory=dict)
    """What the owner gave of that for which something stands here, by its digest."""

    def place(self, sha256: str) -> Path:
        """Say where what evidence names by a digest lies.

        Raises
        ------
        InputError
            If it is not here.
        """
        if sha256 in self.opened:
            return self.opened[sha256]
        name = self.manifest.sources.get(sha256)
        if name is None:
            raise InputError(f"nothing with digest {sha256[:12]}", path=self.folder, expected="all that evidence names")
        return self.folder / name


def is_bundle(path: str | os.PathLike[str]) -> bool:
    """Say whether a path is a bundle, or the manifest of one."""
    return (Path(path) / FILE).is_file() or (Path(path).name == FILE and Path(path).is_file())


def read(path: str | os.PathLike[str]) -> Bundle:
    """Open a bundle by its folder, or by the manifest in it.

    Raises
    ------
    ArtifactError
        If the manifest is damaged, names what is no file of the bundle, or names one twice.
    """
    folder = Path(path).parent if Path(path).name == FILE else Path(path)
    manifest = reading.record(Manifest, storage.read_json(folder / FILE, schema=SCHEMA), path=folder / FILE)
    named = [*manifest.files, *manifest.sources.values(), *(claim.evidence for claim in manifest.claims)]
    for name in named:
        if not _inside(folder, name):
            raise ArtifactError(f"names {name[:80]!r}", path=folder / FILE, expected="files inside of the bundle")
    _check_once([claim.evidence for claim in manifest.claims], folder, "evidence")
    _check_once(list(manifest.sources.values()), folder, "source")
    if wrong := [sha256 for sha256 in manifest.sources if not DIGEST.fullmatch(sha256)]:
        raise ArtifactError(f"source {wrong[0][:80]!r}", path=folder / FILE, expected="a SHA-256 in hex digits")
    if not manifest.claims:
        raise ArtifactError("has no claim", path=folder / FILE, expected="at least one evidence file")
    return Bundle(folder=folder, manifest=manifest)


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into its folder, last of all."""
    value = asdict(manifest)
    storage.write_json(folder / FILE, {"schema": value.pop("schema"), **value})


def digests(folder: Path) -> dict[str, str]:
    """Take the digest of everything in a folder but the manifest and signatures over it."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: storage.digest(path) for name, path in found.items() if name not in {FILE, SIGNATURE}}


def _inside(folder: Path, name: str) -> bool:
    """Say whether a name can be that of a file in the folder; a pipe, of which reading never ends, cannot."""
    pure, place = PurePosixPath(name), folder / name
    try:
        there = place.resolve()
        sound = place.is_file() or place.is_dir() or not place.exists()
    except (OSError, RuntimeError, ValueError):  # too long, a loop of links, a byte that no name has
        return False
    plain = not pure.is_absolute() and ".." not in pure.parts and str(pure) == name
    return plain and sound and there.is_relative_to(folder.resolve())


def _check_once(names: Sequence[str], folder: Path, what: str) -> None:
    """Refuse one file in the place of two: of which it speaks could then be chosen."""
    for name in names:
        if names.count(name) > 1:
            raise ArtifactError(f"{name!r} is more than one {what}", path=folder / FILE, expected="a file each")

"""How is a release described in Croissant, which search engines and loaders of data sets read?

The description names every file with its digest, links the certificate by its own, and says that the release is
watermarked. Nothing in it comes from key or ledger. Record sets are given for what loaders of Croissant can read: JSON
lines, CSV, TSV, Parquet and plain text; what is in Zstandard or Arrow is named file by file only.

Source: Croissant Format Specification 1.1 (MLCommons, 2026), https://docs.mlcommons.org/croissant/docs/.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from provenance import storage
from provenance.checks import Failed, Held
from provenance.errors import ArtifactError, InputError
from watermark import record_sets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from provenance.checks import Check
    from provenance.corpora import Corpus
    from watermark.certificate import Counts

CERTIFICATE, RELEASE = "certificate.json", "release"
CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
SAYS = (
    "Watermarked with provtool: in some places a word was replaced by another that readers accept as well, so that a "
    "model which was trained on this release can be told. The certificate has the figures."
)
UNMARKED = "Passed through provtool, which found no place for a mark: every word is the original."
_LANGUAGE = {"@container": "@language"}
_JSON = {"@type": "@json"}
_OURS = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty fileSet format "
    "includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "samplingRate separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    **{name: f"cr:{name}" for name in _OURS.split()},
    "data": {"@id": "cr:data", **_JSON},
    "examples": {"@id": "cr:examples", **_JSON},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": _LANGUAGE,
    "name": _LANGUAGE,
}
"""What the words below mean: the specification asks for all of them, used or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a description is made of."""

    corpus: Corpus
    """The release as it stands on the disk."""
    certificate: Path
    """In the folder where the description goes; the release lies in a folder beside it."""
    name: str
    counts: Counts


def write(path: Path, released: Released, *, about: Mapping[str, Any]) -> None:
    """Write the description of a release; the same release and the same words give the same bytes.

    Parameters
    ----------
    about
        What its publisher says of it: `watermark.about.read`.
    """
    storage.write_json(path, describe(released, about=about))


def describe(released: Released, *, about: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a release as JSON-LD."""
    root = released.certificate.parent
    home = released.corpus.root.relative_to(root)
    creator, says = about.get("creator"), SAYS if released.counts.sites else UNMARKED
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        "name": released.name,
        "description": f"{released.counts.documents:,} documents. {says}",
        "version": "1.0.0",
        **about,
        **({"creator": {"@type": "sc:Organization", "name": creator}} if isinstance(creator, str) else {}),
        "rai:dataPreprocessingProtocol": says,
        "distribution": [
            _certificate(released.certificate),
            *_files(released.corpus, home),
            *record_sets.file_sets(released.corpus, home),
        ],
        "recordSet": record_sets.record_sets(released.corpus, home),
    }


def _certificate(path: Path) -> dict[str, Any]:
    what = "What is claimed of this release: counts, fidelity, digests, and a commitment to the secret ledger."
    return {**_file(path.name, path, ("application/json",)), "description": what}


def _files(corpus: Corpus, home: PurePosixPath | Path) -> Iterator[dict[str, Any]]:
    for file in corpus.files:
        for part in file.parts or ("",):
            name = PurePosixPath(home, file.name, part)
            yield _file(name.as_posix(), file.path / part, record_sets.formats(file, part))
    for companion in corpus.companions:
        name = PurePosixPath(home, companion)
        yield _file(name.as_posix(), corpus.root / companion, ("application/json",))


def _file(name: str, path: Path, formats: tuple[str, ...]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": quote(name),
        "name": name,
        "contentUrl": name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": formats[0] if len(formats) == 1 else list(formats),
        "sha256": storage.digest(path),
    }


def check(path: Path, files: Mapping[str, str], *, certificate: Path) -> Iterator[Check]:
    """Compare the digests of a description with the certificate beside it and with those that the certificate gives.

    Parameters
    ----------
    path
        The description.
    files
        Digest of every released file, by its name in the release.
    certificate
        Where the certificate lies, under whatever name.
    """
    what = "description"
    try:
        told = _told(path)
    except InputError as error:
        yield Failed(what=what, detail=str(error))
        return
    due = {CERTIFICATE: storage.digest(certificate)} | {f"{RELEASE}/{name}": its for name, its in files.items()}
    faults = [f"{path}: {name} is not described" for name in due if name not in told]
    faults += [f"{path}: {name} is not of this release" for name in told if name not in due]
    faults += [f"{path}: another digest of {name}" for name in told if name in due and told[name] != due[name]]
    yield from (Failed(what=what, detail=fault) for fault in faults)
    if not faults:
        yield Held(what=what, detail=f"{path.name} gives the digests of certificate and release, and no others")


def _told(path: Path) -> dict[str, str]:
    """Read which files a description names, and by which digests."""
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))["distribution"]
        return {part["contentUrl"]: part["sha256"] for part in parts if part["@type"] == "cr:FileObject"}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError("not a description that we wrote", path=path, expected="Croissant, unaltered") from error

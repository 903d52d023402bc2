"""Does what stands in a redacted bundle come from the files that it stands for?"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from provenance import artifacts, evidence, storage, vouching
from provenance.bundles import comparing
from provenance.checks import Check, Failed, Held, Skipped
from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cryptography.x509 import Certificate

    from provenance.bundles.manifests import Bundle
    from provenance.bundles.packing import StandIn
    from provenance.evidence import Evidence

PREFIX = "redacted-"
"""How the kind of a table that stands for another is called."""


def sort(bundle: Bundle, private: Sequence[Path]) -> tuple[dict[str, Path], tuple[Check, ...]]:
    """Tell by their digests which files were given; one that evidence does not name is a finding.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    given = {storage.digest(path): path for path in private}
    known = {sha256: path for sha256, path in given.items() if sha256 in bundle.manifest.sources}
    other = [path for sha256, path in given.items() if sha256 not in known]
    detail = "not a file that this evidence rests on, or not as it was then"
    return known, tuple(Failed(what=f"private {path.name}", detail=detail) for path in other)


def stand_ins(bundle: Bundle) -> dict[str, str]:
    """Name what stands here in place of a file, each with the digest of that file."""
    places = {name: bundle.folder / name for name in bundle.manifest.sources.values()}
    standing = {name for name, place in places.items() if (artifacts.kind_of(place) or "").startswith(PREFIX)}
    return {name: sha256 for sha256, name in bundle.manifest.sources.items() if name in standing}


def check(bundle: Bundle, writers: Mapping[str, StandIn], *, trusted: Sequence[Certificate] | None) -> Iterator[Check]:
    """Redact what was given once more and compare; say what was not given."""
    for name, sha256 in stand_ins(bundle).items():
        what, path = f"redaction of {name}", bundle.opened.get(sha256)
        if path is not None:
            yield from _compared(what, path, bundle.folder / name, writers, bundle)
            yield from vouching.check(path, trusted=trusted)
        else:
            detail = "that its numbers come from the file that evidence names, only that file shows: --private FILE"
            yield Skipped(what=what, detail=detail)


def _compared(what: str, path: Path, place: Path, writers: Mapping[str, StandIn], bundle: Bundle) -> Iterator[Check]:
    try:
        with tempfile.TemporaryDirectory(prefix="provtool-") as folder:
            again = Path(folder) / place.name
            writers[artifacts.kind_of(path) or ""](path, again, _about(bundle))
            same = not any(comparing.differ("", _content(place), _content(again)))
    except (ProvenanceError, pa.ArrowException, OSError, KeyError, ValueError) as error:
        yield Failed(what=what, detail=f"cannot be made again: {error}")
        return
    detail = "what the file gives that evidence names" if same else f"not what {path.name} gives"
    yield (Held if same else Failed)(what=what, detail=detail)


def _content(path: Path) -> dict[str, Any]:
    """Give rows and settings of a table, whoever wrote it."""
    table = pq.read_table(path)
    return {
        "rows": table.to_pylist(),
        "settings": json.loads(table.schema.metadata[artifacts.METADATA_KEY])["settings"],
    }


def _about(bundle: Bundle) -> Evidence:
    return evidence.read(bundle.folder / bundle.manifest.claims[0].evidence)

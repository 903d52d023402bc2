"""What of a ledger may be handed over without the texts, and without the wordings that were dealt?

Of each document the pattern of its deal: for each site which variants have the same wording, the sites in no order. It
tells how much variants differ, by which an audit with few queries chooses, and neither words nor places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from provenance import artifacts
from provenance.bundles.redacted import sound
from provenance.errors import ArtifactError
from watermark import claims, ledger
from watermark.ledger import Ledger, Marked
from watermark.sites import Site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

REDACTED = artifacts.Kind(
    name="redacted-ledger",
    row="a document that has sites, without its text",
    columns=pa.schema([("id", pa.string()), ("patterns", pa.list_(pa.list_(pa.int16())))]),
)


def write(path: Path, target: Path) -> None:
    """Write what stands for a ledger."""
    book = ledger.read(path)
    settings = {name: book.settings.get(name) for name in claims.SHARED}
    header = artifacts.Header(settings={**settings, "stands_for": book.sha256})
    with artifacts.TableWriter(target, kind=REDACTED, header=header) as writer:
        for marked in book.documents:
            writer.write({"id": marked.id, "patterns": sorted(map(_pattern, marked.chosen))})


def read(path: Path) -> Ledger:
    """Read what stands for a ledger: documents without a text, whose sites have no place."""
    table = sound.read(path, REDACTED)
    settings = table.header.settings
    ledger.check_settings(settings, path=path)
    documents = tuple(_marked(row, path) for row in table.rows.to_pylist())
    ledger.check_documents(documents, variants=settings["alternates"] + 1, path=path)
    return Ledger(
        path=path,
        sha256=settings["stands_for"],
        documents=documents,
        release=settings["release"],
        key_id=settings["key_id"],
        recipient=settings["recipient"],
        settings=settings,
    )


def _pattern(chosen: Sequence[int]) -> list[int]:
    """Number wordings as they first come up."""
    numbers = dict[int, int]()
    return [numbers.setdefault(choice, len(numbers)) for choice in chosen]


def _marked(row: Mapping[str, Any], path: Path) -> Marked:
    chosen = tuple(map(tuple, row["patterns"]))
    if any(len(one) != len(chosen[0]) or list(one) != _pattern(one) for one in chosen):
        what = f"document {row['id']!r} has patterns that no deal gives"
        raise ArtifactError(what, path=path, expected="wordings numbered as they first come up")
    sites = tuple(Site(start=0, end=0, word="", options=("",) * len(set(pattern))) for pattern in chosen)
    return Marked(id=row["id"], text="", sites=sites, chosen=chosen)

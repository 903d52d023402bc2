"""What may be published about a release: counts, digests, settings and fidelity, and nothing of key or ledger."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from provenance import artifacts, storage
from provenance.language import words
from watermark import keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from provenance.records import Document
    from watermark.keys import Key
    from watermark.ledger import Marked

SCHEMA = "provtool/certificate/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much was marked."""

    documents: int
    marked: int
    """Documents with at least one site."""
    words: int
    sites: int
    edits: int
    """Sites at which the published wording is not the original."""
    opted_out: int
    """Documents that asked to be left alone."""
    foreign: int
    """Documents that were left alone because they are not English."""
    kept: int
    """Documents that have not changed since the previous release, and kept its sites and deals."""


class Tally:
    """Counts in the making, document by document."""

    def __init__(self, *, opted_out: int = 0, foreign: int = 0, kept: int = 0) -> None:
        self._documents = self._marked = self._words = self._sites = self._edits = 0
        self._parts = {"opted_out": opted_out, "foreign": foreign, "kept": kept}

    def add(self, document: Document, marked: Marked | None) -> None:
        """Count one document; None is one without sites."""
        self._documents += 1
        self._words += sum(1 for _ in words.find(document.text))
        if marked is not None:
            self._marked += bool(marked.sites)
            self._sites += len(marked.sites)
            self._edits += sum(choices[0] != 0 for choices in marked.chosen)

    def counts(self) -> Counts:
        """Give what has been counted."""
        return Counts(
            documents=self._documents,
            marked=self._marked,
            words=self._words,
            sites=self._sites,
            edits=self._edits,
            **self._parts,
        )


def write(
    path: Path,
    *,
    folder: Path,
    settings: Mapping[str, Any],
    counts: Counts,
    fidelity: Mapping[str, Any],
    key: Key | None,
) -> None:
    """Write the certificate of the release that stands in `folder`.

    The ledger is committed to by a digest that only the key's owner can recompute, so that the certificate may be
    published while the ledger stays secret.

    Parameters
    ----------
    fidelity
        What may be said in public of how good the text still is: `watermark.fidelity.Fidelity.to_json`.
    """
    ledger = storage.digest(folder / "ledger.parquet").encode()
    storage.write_json(
        path,
        {
            "schema": SCHEMA,
            "tool": artifacts.TOOL,
            **settings,
            "counts": asdict(counts),
            "fidelity": fidelity,
            "release_sha256": _release_digests(folder / "release"),
            "ledger_commitment": keys.keyed_digest(key, ledger, purpose="ledger") if key else None,
        },
    )


def _release_digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): storage.digest(path) for path in files}

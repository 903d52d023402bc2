"""What must be kept, in secret, to re-render every variant of every document later?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from provenance import artifacts
from provenance.errors import ArtifactError, MismatchError
from provenance.records import Record
from watermark import variants
from watermark.sites import Site

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from provenance.records import Span

LEDGER = artifacts.Kind(
    name="ledger",
    row="a document that has sites",
    columns=pa.schema(
        [
            ("id", pa.string()),
            ("text", pa.string()),
            ("sha256", pa.string()),
            (
                "sites",
                pa.list_(
                    pa.struct(
                        [
                            ("start", pa.int32()),
                            ("end", pa.int32()),
                            ("word", pa.string()),
                            ("options", pa.list_(pa.string())),
                            ("chosen", pa.list_(pa.int16())),
                            ("acceptability", pa.list_(pa.float64())),
                        ]
                    )
                ),
            ),
            ("recipient", pa.string()),
            ("row", pa.int64()),
        ]
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One document with its sites and what was dealt to them."""

    id: str
    text: str
    """The text before marking."""
    sites: tuple[Site, ...]
    chosen: tuple[tuple[int, ...], ...]
    """For each site, the option of each variant."""
    row: int | None = None
    """Which document of its corpus this is, from 0: without ids nothing else tells like texts apart."""

    def variant(self, index: int) -> str:
        """Render one variant; 0 is the published one."""
        return variants.render(self.text, self.sites, [choices[index] for choices in self.chosen])

    def spans(self, index: int) -> tuple[Span, ...]:
        """Say where in a variant its sites stand."""
        return variants.spans(self.sites, [choices[index] for choices in self.chosen])

    @property
    def variants(self) -> int:
        """How many variants there are, the published one included."""
        return len(self.chosen[0]) if self.chosen else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every marked document of one release."""

    path: Path
    sha256: str
    documents: tuple[Marked, ...]
    release: str
    """Name under which the key dealt."""
    key_id: str | None
    """Which key dealt; None for strategies without one."""
    recipient: str | None
    settings: Mapping[str, Any]
    called: str | None = None
    """Set of its records where copies of one release are audited together (`watermark.copies`)."""

    @property
    def set(self) -> str:
        """Set of its records."""
        return self.called or self.release


def to_row(marked: Marked, *, recipient: str | None) -> dict[str, Any]:
    """Lay one document out as a row of the table."""
    return {
        "id": marked.id,
        "text": marked.text,
        "sha256": hashlib.sha256(marked.text.encode()).hexdigest(),
        "sites": [
            {
                "start": site.start,
                "end": site.end,
                "word": site.word,
                "options": site.options,
                "chosen": chosen,
                "acceptability": site.acceptability,
            }
            for site, chosen in zip(marked.sites, marked.chosen, strict=True)
        ],
        "recipient": recipient,
        "row": marked.row,
    }


def from_row(row: Mapping[str, Any], *, path: str | os.PathLike[str]) -> Marked:
    """Read one row back and check that its text is the one that was marked, and that its sites stand in it.

    Raises
    ------
    ArtifactError
        If the text does not match its digest, or a site or a choice is none.
    """
    name = f"document {row['id']!r}"
    if not _complete(row):
        raise ArtifactError(f"{name} lacks a value", path=path, expected="none missing but acceptability and row")
    if row["text"] is None or hashlib.sha256(row["text"].encode()).hexdigest() != row["sha256"]:
        raise ArtifactError(f"text of {name} does not match its digest", path=path)
    found = [_site(site) for site in row["sites"] or ()]
    chosen = tuple(tuple(site["chosen"]) for site in row["sites"] or ())
    if not found or not _fit(found, row["text"]):
        raise ArtifactError(f"{name}: its sites are not those of its text", path=path)
    for site, choices in zip(found, chosen, strict=True):
        if not all(0 <= choice < len(site.options) for choice in choices):
            raise ArtifactError(f"{name}: a choice at {site.word!r} names no option", path=path)
    if len({len(choices) for choices in chosen}) != 1 or not chosen[0]:
        raise ArtifactError(f"{name}: sites have different numbers of variants", path=path)
    return Marked(id=row["id"], text=row["text"], sites=tuple(found), chosen=chosen, row=row["row"])


def _complete(row: Mapping[str, Any]) -> bool:
    """Say whether no value is missing where there is no saying what it was."""
    sites = row["sites"] or ()
    parts = [part for site in sites for part in (site["start"], site["end"], site["word"])]
    lists = [(None,) if part is None else part for site in sites for part in (site["options"], site["chosen"])]
    return None not in (row["id"], *parts, *chain.from_iterable(lists))


def _site(site: Mapping[str, Any]) -> Site:
    return Site(
        start=site["start"],
        end=site["end"],
        word=site["word"],
        options=tuple(site["options"]),
        acceptability=tuple(site["acceptability"] or ()),
    )


def _fit(found: Sequence[Site], text: str) -> bool:
    """Say whether sites stand in a text, in order, apart, and with the text as their first option."""
    apart = all(one.end <= other.start for one, other in pairwise(found))
    return apart and all(
        0 <= site.start < site.end and site.options[:1] == (text[site.start : site.end],) for site in found
    )


def read(path: str | os.PathLike[str]) -> Ledger:
    """Read a whole ledger.

    Raises
    ------
    ArtifactError
        If it is damaged, or a document stands in it twice or lacks a variant.
    """
    table = artifacts.read(path, LEDGER)
    settings = table.header.settings
    check_settings(settings, path=path)
    documents = tuple(from_row(row, path=path) for row in table.rows.to_pylist())
    check_documents(documents, variants=settings["alternates"] + 1, path=path)
    return Ledger(
        path=Path(path),
        sha256=table.sha256,
        documents=documents,
        release=settings["release"],
        key_id=settings["key_id"],
        recipient=settings["recipient"],
        settings=settings,
    )


def check_settings(settings: Mapping[str, Any], *, path: str | os.PathLike[str]) -> None:
    """Refuse a header that does not say whose ledger this is, as what.

    Raises
    ------
    ArtifactError
        If a setting is missing, or of another kind.
    """
    kinds = {"alternates": int, "release": str, "key_id": str | None, "recipient": str | None}
    for name, kind in kinds.items():
        if name not in settings or not isinstance(settings[name], kind):
            raise ArtifactError(f"setting {name!r} is damaged or missing", path=path, expected="a ledger's header")


def check_documents(documents: Sequence[Marked], *, variants: int, path: str | os.PathLike[str]) -> None:
    """Refuse a document that stands twice or lacks a variant.

    Raises
    ------
    ArtifactError
        With the first.
    """
    seen = set[str]()
    for document in documents:
        if document.id in seen:
            raise ArtifactError(f"document {document.id!r} stands twice", path=path)
        if document.variants != variants:
            what = f"document {document.id!r} has {document.variants} variants"
            raise ArtifactError(what, path=path, expected=f"{variants}, as in its header")
        seen.add(document.id)


def check_distinct(books: Sequence[Ledger]) -> None:
    """Refuse ledgers of one copy of one release: a document's scores would count twice.

    Raises
    ------
    MismatchError
        If two are of one release and one recipient, or are the same file.
    """
    first = dict[tuple[str, str | None], Path]()
    for book in books:
        copy = (book.release, book.recipient)
        if copy in first:
            whose = f" for {book.recipient!r}" if book.recipient else ""
            raise MismatchError(
                f"{first[copy]} and {book.path} are both of release {book.release!r}{whose}",
                expected="ledgers of different releases, or of copies for different recipients",
                hint="an audit of each on its own",
            )
        first[copy] = book.path


def stream(path: str | os.PathLike[str]) -> Iterator[Marked]:
    """Give the documents of a ledger one by one, in bounded memory."""
    return (from_row(row, path=path) for row in artifacts.stream(path, LEDGER))


def some(path: str | os.PathLike[str], ids: Sequence[str]) -> dict[str, Marked]:
    """Give those documents of a ledger that have one of these ids, by id."""
    rows = pq.read_table(path, filters=pc.field("id").isin(ids)).to_pylist()
    return {row["id"]: from_row(row, path=path) for row in rows}


def record(document: Marked, index: int, *, name: str) -> Record:
    """Give one variant of a document, of the set `name`, to a suspect."""
    text, spans = document.variant(index), document.spans(index)
    return Record(id=document.id, set=name, variant=index, text=text, spans=spans)


def records(ledger: Ledger) -> Iterator[Record]:
    """Give every variant of every document to a suspect, which is not told which was published."""
    for document in ledger.documents:
        for index in range(document.variants):
            yield record(document, index, name=ledger.set)

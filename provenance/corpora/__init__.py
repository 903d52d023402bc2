r"""How does a corpus, in whatever format it lies on disk, become a stream of documents, and how do edits get back in?

::

    from provenance import corpora

    corpus = corpora.open("articles.jsonl.gz", text_field="body")
    for entry in corpora.read(corpus):  # one document after another, in bounded memory
        print(entry.place, entry.document.id, entry.document.text)


    def shouted():  # one sequence of edits a document, in reading order
        for entry in corpora.read(corpus):
            at = entry.document.text.find("word")
            yield [] if at < 0 else [corpora.Edit(start=at, end=at + 4, replacement="WORD")]


    corpora.rewrite(corpus, shouted(), out=Path("release"))

Formats: JSON lines, CSV and TSV, plain text (all three also inside ``.gz`` or ``.zst``), Parquet, folders saved by
`datasets`, and folders of any of these. Where a format is text, an edit is spliced into the file's own
characters: line ends, byte order mark, spacing, key order, number formats and escapes outside the edit stay, byte for
byte. Characters that a file spells otherwise than as themselves (``\u00e9``, ``\n``, a doubled quote) are listed in
`Entry.opaque`: no edit may touch them, because undoing it could not know how they had been spelt.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenance.corpora.files import (
        Corpus,
        File,
        digest,
        file_digest,
        moved,
        open,  # noqa: A004 (called as corpora.open)
    )
    from provenance.corpora.ids import text_id
    from provenance.corpora.splice import Edit
    from provenance.corpora.stream import Entry, read, rewrite, values

__all__ = [
    "Corpus",
    "Edit",
    "Entry",
    "File",
    "digest",
    "file_digest",
    "moved",
    "open",
    "read",
    "rewrite",
    "text_id",
    "values",
]

_HOMES = {
    "Corpus": "files",
    "File": "files",
    "digest": "files",
    "file_digest": "files",
    "moved": "files",
    "open": "files",
    "text_id": "ids",
    "Edit": "splice",
    "Entry": "stream",
    "read": "stream",
    "rewrite": "stream",
    "values": "stream",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)

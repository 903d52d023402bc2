"""Which documents of a release are no longer what its ledger renders as variant 0?

A document is looked for where it stood, then by its text anywhere, so that one that was taken out, put in or moved does
not make all that follow look edited.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from provenance import corpora

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenance.corpora import Corpus, Entry
    from watermark.ledger import Ledger, Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A marked document that the release does not hold as it was published."""

    document: str
    kind: Literal["edited", "missing"]
    place: str
    """Where it stands, or should stand: ``file:line``, or the release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A release beside its ledger."""

    documents: int
    """Documents in the release, marked or not."""
    differences: tuple[Difference, ...]
    """In the ledger's order."""


def find(
    corpus: Corpus, book: Ledger, *, progress: Callable[[int, int | None], None] = lambda _done, _total: None
) -> Comparison:
    """Read a release once and compare every marked document with what the ledger renders.

    Raises
    ------
    InputError
        If the release cannot be read.
    """
    awaited = _Awaited(book)
    count = 0
    for row, entry in enumerate(corpora.read(corpus)):
        awaited.meet(row, entry)
        count = row + 1
        progress(count, None)
    return Comparison(documents=count, differences=tuple(awaited.missed(str(corpus.root))))


class _Awaited:
    """Marked documents that have not been met yet, and what stands in their places."""

    def __init__(self, book: Ledger) -> None:
        self._unmet = {marked.id: marked for marked in book.documents}
        self._at_row = {marked.row: marked.id for marked in book.documents}
        self._by_text = defaultdict[str, list[str]](list)
        for marked in reversed(book.documents):
            self._by_text[corpora.text_id(marked.variant(0))].append(marked.id)
        self._strays = dict[str, str]()

    def meet(self, row: int, entry: Entry) -> None:
        """Tick off the document that this is, or remember it as a stray."""
        name = self._at_row.get(row)
        if not self._is(name, entry):
            alike = [other for other in self._by_text[corpora.text_id(entry.document.text)] if self._is(other, entry)]
            name = alike[-1] if alike else None
        if name is not None:
            del self._unmet[name]
        else:
            self._remember(row, entry)

    def missed(self, root: str) -> Iterator[Difference]:
        """Give every document that was not met."""
        for name in self._unmet:
            place = self._strays.get(name)
            yield Difference(document=name, kind="edited" if place else "missing", place=place or root)

    def _is(self, name: str | None, entry: Entry) -> bool:
        marked: Marked | None = self._unmet.get(name) if name is not None else None
        return marked is not None and marked.variant(0) == entry.document.text

    def _remember(self, row: int, entry: Entry) -> None:
        """Keep the place under the id; a document named after its text, which has changed, is known by its row."""
        found = entry.document
        named = found.id if not found.id.startswith(corpora.text_id(found.text)) else self._at_row.get(row)
        if named in self._unmet:
            self._strays[named] = entry.place

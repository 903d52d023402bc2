"""Which word gives way to which, under the published strategy?

LexiMark (arXiv 2506.14474) replaces a word by the same synonym everywhere and stores the pairs, so that held-out text
can be marked alike: an AUROC between members and non-members that were marked by different mappings would measure the
mappings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from provenance import storage
from provenance.errors import MismatchError
from watermark import ledger

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from watermark.ledger import Ledger, Marked


def learn(documents: Iterable[Marked]) -> dict[str, str]:
    """Give for each wording the one that takes its place most often, the first in the alphabet among equals."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for site, (choice, *_) in zip(document.sites, document.chosen, strict=True):
            seen[site.options[0].casefold()][site.options[choice].casefold()] += 1
    return {
        word: min(counts, key=lambda option, counts=counts: (-counts[option], option))  # type: ignore[misc]
        for word, counts in sorted(seen.items())
    }


def read(path: str | os.PathLike[str]) -> dict[str, str]:
    """Give the mapping of a ledger.

    Raises
    ------
    MismatchError
        If the ledger is not of strategy ``leximark``.
    """
    book = ledger.read(path)
    if book.settings["strategy"] != "leximark":
        raise MismatchError(f"{path} has no mapping", expected="a ledger of strategy 'leximark'")
    return learn(book.documents)


def digest(mapping: Mapping[str, str]) -> str:
    """Name a mapping."""
    return storage.digest_json(sorted(mapping.items()))


def alike(document: Marked, mapping: Mapping[str, str]) -> Marked:
    """Mark a document by a mapping: a site whose word the mapping lacks, or whose wording does not fit there, goes."""
    found = [
        (site, folded.index(mapping[word]))
        for site in document.sites
        for word, folded in [(site.options[0].casefold(), [option.casefold() for option in site.options])]
        if mapping.get(word) in folded
    ]
    return replace(document, sites=tuple(site for site, _ in found), chosen=tuple((choice,) for _, choice in found))


def check_same(books: Sequence[Ledger]) -> None:
    """Refuse ledgers that were marked by different mappings.

    Raises
    ------
    MismatchError
        If two differ: what is compared would be the mappings, not the documents.
    """
    for book in books[1:]:
        if book.settings.get("mapping") != books[0].settings.get("mapping"):
            raise MismatchError(
                f"{books[0].path} and {book.path} were marked by different mappings",
                expected="one mapping for members and held-out documents",
                hint=f"provtool watermark … --strategy leximark --mapping {books[0].path}",
            )

"""Which copies of which releases are audited together, and whose are they?

Each recipient of a release has a copy dealt by a sub-key of its own, so each copy is a claim of its own, tested against
the private alternates of that sub-key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from watermark import ledger as ledgers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watermark.ledger import Ledger


def apart(books: Sequence[Ledger]) -> tuple[Ledger, ...]:
    """Give the documents of copies of one release, which share their ids, sets of their own.

    Raises
    ------
    MismatchError
        If two ledgers are of one copy: a document would count twice.
    """
    ledgers.check_distinct(books)
    releases = [book.set for book in books]
    return tuple(
        replace(book, called=f"{book.release} for {book.recipient}")
        if book.recipient and releases.count(book.set) > 1
        else book
        for book in books
    )


def by_recipient(books: Sequence[Ledger]) -> dict[str | None, tuple[Ledger, ...]]:
    """Put the ledgers of each recipient together; those for nobody in particular are one claim too."""
    recipients = dict.fromkeys(book.recipient for book in books)
    return {one: tuple(book for book in books if book.recipient == one) for one in recipients}

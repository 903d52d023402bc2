"""Which documents of a release do not stand there as they were dealt?

A document that somebody edited after it was marked is found by its digest. It must not simply be left out: whoever
edits a text sees what was dealt to it, and may mend just the wordings that no model would expect either. Among the
documents that are left the published variant is then likelier than its alternates, to every model. So an audit is told
which they are, and counts each as if its least favourable variant had been dealt.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from provenance import corpora
from provenance.errors import MismatchError
from watermark import restoring

if TYPE_CHECKING:
    import os

    from provenance.corpora import Corpus
    from watermark.ledger import Ledger
    from watermark.queries import Name


def find(book: Ledger, release: Corpus | str | os.PathLike[str]) -> frozenset[Name]:
    """Name the documents whose published variant is nowhere in the release any more, by set and id.

    Parameters
    ----------
    release
        An opened release, or a path to one, which is read with the fields that the ledger names.

    Raises
    ------
    MismatchError
        If it holds none of the ledger's documents as they were dealt.
    """
    opened = release if isinstance(release, corpora.Corpus) else restoring.open_release(Path(release), book.settings)
    there = {_digest(entry.document.text) for entry in corpora.read(opened)}
    edited = frozenset((book.set, marked.id) for marked in book.documents if _digest(marked.variant(0)) not in there)
    if len(edited) == len(book.documents):
        raise MismatchError(
            f"{opened.root} holds no document as {book.path} dealt it",
            expected="the release that was written with this ledger",
        )
    return edited


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()

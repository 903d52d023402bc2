"""What would be changed? Sentences before and after, before anything is written."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from provenance import corpora
from provenance.language import surprisal
from watermark import marking
from watermark.fidelity import changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenance.corpora import Corpus
    from watermark.fidelity.changes import Sentence
    from watermark.keys import Key
    from watermark.ledger import Marked
    from watermark.marking import Embedding

AT_ONCE = 16
"""Documents that are marked together."""


def show(corpus: Corpus, *, key: Key | None, embedding: Embedding, most: int) -> Iterator[Sentence]:
    """Give the first sentences that would be changed, reading no more of the corpus than that takes."""
    shown = (sentence for document in _marked(corpus, key, embedding) for sentence in changes.in_sentences(document))
    return islice(shown, most)


def _marked(corpus: Corpus, key: Key | None, embedding: Embedding) -> Iterator[Marked]:
    tasks = (
        marking.Task(document=entry.document, opaque=entry.opaque, opted_out=entry.opted_out)
        for entry in corpora.read(corpus)
    )
    surprise: Callable[[str], float] = surprisal.surprisal
    if embedding.entropy == "corpus":
        surprise = surprisal.counted(surprisal.count_words(entry.document.text for entry in corpora.read(corpus)))
    while together := list(islice(tasks, AT_ONCE)):
        yield from marking.mark_all(together, key=key, embedding=embedding, surprise=surprise)

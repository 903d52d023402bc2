"""What would be changed? Sentences before and after, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from provenance import corpora
from provenance.language import sentences, surprisal
from watermark import marking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenance.corpora import Corpus
    from watermark.keys import Key
    from watermark.ledger import Marked
    from watermark.marking import Embedding

AT_ONCE = 16
"""Documents that are marked together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One wording that gives way to another."""

    start: int
    end: int
    """Where it stands in its sentence, in code points."""
    replacement: str
    acceptability: float | None
    """Probability that a reader accepts it, where somebody was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One sentence that would be changed."""

    document: str
    text: str
    """As it stands now."""
    changes: tuple[Change, ...]
    """In order, apart."""


def show(corpus: Corpus, *, key: Key | None, embedding: Embedding, most: int) -> Iterator[Changed]:
    """Give the first sentences that would be changed, reading no more of the corpus than that takes."""
    shown = (sentence for document in _marked(corpus, key, embedding) for sentence in changed(document))
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


def changed(document: Marked) -> Iterator[Changed]:
    """Give the sentences of a document whose published wording is new."""
    new = [(site, choices[0]) for site, choices in zip(document.sites, document.chosen, strict=True) if choices[0] != 0]
    for start, end in sentences.find(document.text):
        inside = tuple(
            Change(
                start=site.start - start,
                end=site.end - start,
                replacement=site.options[choice],
                acceptability=site.acceptability[choice] if site.acceptability else None,
            )
            for site, choice in new
            if start <= site.start and site.end <= end
        )
        if inside:
            yield Changed(document=document.id, text=document.text[start:end], changes=inside)

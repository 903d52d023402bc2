"""How often does a trace audit find a recipient's copy in a text that knows nothing of its coins?

What is redrawn is the key, which deals every coin of the copy anew; the text stays as it is.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from nulls import workshop
from nulls.scenarios import RESAMPLES, Scenario
from provenance.records import Document
from watermark import keys, ledger, trace, variants
from watermark.keys import Key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from nulls.scenarios import Claim
    from provenance.evidence import Evidence
    from watermark.ledger import Ledger, Marked

DOCUMENTS = 30


@functools.cache
def bench(folder: Path) -> Ledger:
    """Read the ledger of the copy that is looked for."""
    book = ledger.read(folder / "copies" / workshop.RECIPIENTS[0] / "ledger.parquet")
    return replace(book, documents=book.documents[:DOCUMENTS])


@functools.cache
def texts(folder: Path, kind: str) -> tuple[Document, ...]:
    """Give the texts under audit."""
    ids = [document.id for document in bench(folder).documents]
    other = workshop.published(folder, workshop.RECIPIENTS[1])
    found = {
        "unrelated": [one["text"] for one in workshop.read(folder / "others.json")][:DOCUMENTS],
        "originals": [document.text for document in bench(folder).documents],
        "other copy": [other[id_] for id_ in ids if id_ in other],
        "other copy, three times": [other[id_] for id_ in ids if id_ in other] * 3,
    }[kind]
    return tuple(Document(id=str(at), text=text) for at, text in enumerate(found))


def _redealt(book: Ledger, rng: np.random.Generator) -> Ledger:
    key = Key(secret=rng.bytes(keys.BYTES), id="redrawn")
    documents = tuple(_dealt(document, key, book.release) for document in book.documents)
    return replace(book, documents=documents, sha256=rng.bytes(32).hex())


def _dealt(document: Marked, key: Key, release: str) -> Marked:
    chosen = (
        variants.deal(key, site, release=release, document=document.id, variants=document.variants)
        for site in document.sites
    )
    return replace(document, chosen=tuple(chosen))


def _draw(folder: Path, rng: np.random.Generator, *, kind: str) -> Claim:
    return functools.partial(_audited, _redealt(bench(folder), rng), texts(folder, kind))


def _audited(book: Ledger, given: Sequence[Document], alpha: float) -> Evidence:
    return trace.audit(book, given, alpha=alpha, resamples=RESAMPLES)


def _scenario(name: str, kind: str, *, audits: int) -> Scenario:
    return Scenario(name=name, draw=functools.partial(_draw, kind=kind), audits=audits)


SCENARIOS = (
    _scenario("unrelated text", "unrelated", audits=200),
    _scenario("the original unmarked corpus copied", "originals", audits=1_000),
    _scenario("another recipient's copy", "other copy", audits=1_000),
    _scenario("another recipient's copy, every text three times", "other copy, three times", audits=200),
)

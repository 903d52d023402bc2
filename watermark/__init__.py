"""The planted mark: a corpus becomes a release and a ledger; ledger and scores become evidence.

::

    import watermark
    from provenance import evidence, scoring
    from watermark import keys, ledger

    key = keys.new("release.key")  # keep it secret, keep a copy
    made = watermark.release("articles.jsonl", key=key, out="marked")
    # publish made.folder and made.certificate; keep made.ledger secret

    book = ledger.read(made.ledger)
    scores = scoring.score(ledger.records(book), suspect="./their-model", inputs={"ledger": book.sha256})
    evidence.write("theirs.json", watermark.audit(book, scores, key=key))

    watermark.undo(made.folder, ledger_path=made.ledger, out="restored")  # the corpus, byte for byte

A mark is a choice among wordings that are as good as each other, made where a text leaves one free. One document:

>>> import watermark
>>> from provenance.records import Document
>>> from watermark.keys import Key
>>> toy = Key(secret=bytes(32), id="toy")  # a real one is random: keys.new(path)
>>> marked = watermark.mark(Document(id="a", text="She bought a large house."), key=toy)
>>> [site.options for site in marked.sites]
[('bought', 'purchased'), ('large', 'big', 'huge')]
>>> marked.variants
5

Variant 0 is published; the others stay private. The key dealt all of them alike, so nothing but the key tells which was
published, and a model that finds published wordings more likely than their alternates has read the release.

- `keys`: the secret, and numbers drawn from it without bias.
- `sites`, `options`, `lexicon`: where more than one wording is acceptable, and which.
- `variants`: who gets which wording. `ledger`: what re-renders every variant; secret.
- `mapped`, `frames`: the same where the data already is: `datasets`, pandas, Spark. `collecting`,
  `certifying`: their ledger, and what is said of it.
- `embedding`: corpus → release. `restoring`: release → corpus. `certificate`: what may be published.
- `fidelity`: how good is the text still, in public figures and on a secret page?
- `detection`: was the suspect trained on this release? `queries`, `passes`: with how few questions can that be told?
- `recipients`: whose copy was it? `edits`: which documents no longer stand there as they were dealt?
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watermark.certifying import certify
    from watermark.collecting import Collected, collect
    from watermark.detection import audit
    from watermark.embedding import Release, release
    from watermark.frames import mark_frames
    from watermark.keys import Key
    from watermark.ledger import Ledger, Marked
    from watermark.mapped import Marker, marker
    from watermark.marking import Embedding, mark
    from watermark.restoring import Restored, undo
    from watermark.rules import SiteRules
    from watermark.sites import Site

__all__ = [
    "Collected",
    "Embedding",
    "Key",
    "Ledger",
    "Marked",
    "Marker",
    "Release",
    "Restored",
    "Site",
    "SiteRules",
    "audit",
    "certify",
    "collect",
    "mark",
    "mark_frames",
    "marker",
    "release",
    "undo",
]

_HOMES = {
    "Collected": "collecting",
    "Embedding": "marking",
    "Key": "keys",
    "Ledger": "ledger",
    "Marked": "ledger",
    "Marker": "mapped",
    "Release": "embedding",
    "Restored": "restoring",
    "Site": "sites",
    "SiteRules": "rules",
    "audit": "detection",
    "certify": "certifying",
    "collect": "collecting",
    "mark": "marking",
    "mark_frames": "frames",
    "marker": "mapped",
    "release": "embedding",
    "undo": "restoring",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)

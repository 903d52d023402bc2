"""What stands ready before any attack: prose, the marked corpora, what each model is asked, and the base model?

Everything is written to one folder, so that processes that train need nothing but its name.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from marks import keyed, leximark, lookalikes, membership, sequences, triggers, unmarked

from attacking import wording
from cli.demo import prose
from provenance import storage
from provenance.records import Record, generator
from watermark import ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MARKS = ("keyed", "leximark", "random sequence", "look-alikes", "trigger sentence", "unmarked")
CHARACTERS = 10_000
"""Of prose for each published document: ten documents, of which four are for the base model."""
MIXED = 4
"""Unmarked documents for each published one, for attackers to mix in."""
VOCABULARY, LENGTH = 2_048, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Documents, shuffled and split at random before anything is marked."""

    members: list[str]
    heldout: list[str]
    others: list[str]
    base: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One mark as it was published."""

    published: list[str]
    records: list[Record]
    """What models are asked about."""


def gather(corpus: Path | None, *, documents: int, seed: int) -> Prose:
    """Read prose and split it."""
    texts = prose.gather(corpus, characters=CHARACTERS * documents)
    generator(seed, "split").shuffle(texts)
    ends = np.cumsum([documents, documents, MIXED * documents])
    members, heldout, others, base = (
        texts[start:end] for start, end in zip([0, *ends], [*ends, len(texts)], strict=True)
    )
    return Prose(members=members, heldout=heldout, others=others, base=base)


def plant(mark: str, found: Prose, *, folder: Path, seed: int) -> Planted:
    """Mark the members, and the held-out documents alike where a test needs them."""
    rng = generator(seed, "mark", mark)
    match mark:
        case "keyed":
            published, book = keyed.mark(found.members, rng=rng, folder=folder)
            return Planted(published=published, records=list(ledger.records(book)))
        case "leximark":
            published, heldout = leximark.mark(found.members, found.heldout, folder=folder)
            return Planted(published=published, records=membership.records(published, heldout))
        case "random sequence":
            published = sequences.mark(found.members, rng=rng)
            return Planted(published=published, records=sequences.records(published[0], rng=rng))
    simple = {"look-alikes": lookalikes, "trigger sentence": triggers, "unmarked": unmarked}
    return _alike(simple[mark].mark, found, rng)


def _alike(mark: Callable[..., list[str]], found: Prose, rng: np.random.Generator) -> Planted:
    """Mark members and held-out documents in one call, which is what marks them alike."""
    marked = mark([*found.members, *found.heldout], rng=rng)
    published, heldout = marked[: len(found.members)], marked[len(found.members) :]
    return Planted(published=published, records=membership.records(published, heldout))


def lay_out(found: Prose, *, folder: Path, seed: int) -> dict[str, Any]:
    """Write all marks, their questions, the other prose and a tokenizer; give what there is to say of them."""
    from provenance import training

    (folder / "scores").mkdir(parents=True, exist_ok=True)
    training.train_tokenizer(found.base, vocabulary=VOCABULARY, out=folder / "tokenizer")
    storage.write_json(folder / "others.json", found.others)
    storage.write_json(folder / "base.json", found.base)
    shares = {}
    for mark in MARKS:
        planted = plant(mark, found, folder=folder, seed=seed)
        storage.write_json(folder / f"{mark}.json", asdict(planted))
        shares[mark] = wording.changed(found.members, planted.published)
    return {
        "words": sum(len(text.split()) for text in found.members),
        "base_documents": len(found.base),
        "words_changed_by_marking": shares,
    }


def planted(folder: Path, mark: str) -> Planted:
    """Read a mark back."""
    found = read(folder / f"{mark}.json")
    return Planted(published=found["published"], records=[Record(**one) for one in found["records"]])


def read(path: Path) -> Any:
    """Read a file of the folder."""
    return json.loads(path.read_text(encoding="utf-8"))

"""How often does a watermark audit accuse a suspect that knows nothing of the key?

What is redrawn is the deal: in every document the published variant changes places with one drawn among all, which
is as likely a deal of another key. The scores are those of real small models, of every variant of one copy.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nulls import workshop
from nulls.scenarios import RESAMPLES, Scenario
from provenance import scoring
from watermark import detection, ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nulls.scenarios import Claim
    from provenance.evidence import Evidence
    from provenance.records import Record
    from provenance.scoring import Scores
    from watermark.ledger import Ledger, Marked

DOCUMENTS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A ledger, and what a suspect and references said of all its variants."""

    book: Ledger
    suspect: Scores
    references: tuple[Scores, ...]


@functools.cache
def bench(folder: Path, shape: str, suspect: str, references: tuple[str, ...]) -> Case:
    """Read a copy's ledger and scores, in the shape that a scenario needs."""
    book = ledger.read(folder / "copies" / workshop.RECIPIENTS[0] / "ledger.parquet")
    book = replace(book, documents=book.documents[:DOCUMENTS])
    asked = [scoring.read(workshop.scores(folder, "copy", name)) for name in (suspect, *references)]
    ids = {document.id for document in book.documents}
    own, *others = (replace(one, rows=tuple(row for row in one.rows if row.id in ids)) for one in asked)
    found = Case(book=book, suspect=own, references=tuple(others))
    return {"as it is": _as_it_is, "doubled": _doubled, "uneven": _uneven}[shape](found)


def _as_it_is(found: Case) -> Case:
    return found


def _doubled(found: Case) -> Case:
    """Let every document stand twice, each dealt for itself, as a corpus with near-duplicates has them."""
    twice = [replace(one, id=f"{one.id}{suffix}") for suffix in ("", "-again") for one in found.book.documents]
    own, *others = (
        replace(
            scores,
            rows=tuple(replace(row, id=f"{row.id}{suffix}") for suffix in ("", "-again") for row in scores.rows),
        )
        for scores in (found.suspect, *found.references)
    )
    return Case(book=replace(found.book, documents=tuple(twice)), suspect=own, references=tuple(others))


def _uneven(found: Case) -> Case:
    """Leave a third of the documents two variants, and let a third have variants that tie."""
    documents = [
        replace(one, chosen=tuple(choices[:2] for choices in one.chosen)) if at % 3 == 0 else one
        for at, one in enumerate(found.book.documents)
    ]
    tied = {one.id for one in documents[1::3]}
    rows = tuple(
        replace(row, logprob=np.float32([np.round(row.logprob.sum() / 4)])) if row.id in tied else row
        for row in found.suspect.rows
    )
    book = replace(found.book, documents=tuple(documents))
    return Case(book=book, suspect=replace(found.suspect, rows=rows), references=found.references)


def _redealt(found: Case, rng: np.random.Generator) -> Case:
    """Deal each document's variants to other indices, all of them: an audit may look at the first ones only."""
    dealt = {document.id: rng.permutation(document.variants).tolist() for document in found.book.documents}
    documents = tuple(_rendered(document, dealt[document.id]) for document in found.book.documents)
    own, *others = (_exchanged(scores, dealt, rng) for scores in (found.suspect, *found.references))
    book = replace(found.book, documents=documents, sha256=rng.bytes(32).hex())
    return Case(book=book, suspect=own, references=tuple(others))


def _rendered(document: Marked, places: Sequence[int]) -> Marked:
    chosen = list[tuple[int, ...]]()
    for choices in document.chosen:
        moved = dict(zip(places, choices, strict=True))
        chosen.append(tuple(moved[index] for index in range(len(choices))))
    return replace(document, chosen=tuple(chosen))


def _exchanged(scores: Scores, dealt: Mapping[str, Sequence[int]], rng: np.random.Generator) -> Scores:
    # Variants that the ledger no longer has stay where they are.
    rows = tuple(
        replace(row, variant=dealt[row.id][row.variant]) if row.variant < len(dealt[row.id]) else row
        for row in scores.rows
    )
    return replace(scores, rows=rows, sha256=rng.bytes(32).hex())


def _at_once(folder: Path, rng: np.random.Generator, *, of: tuple[Any, ...], most: int | None) -> Claim:
    return functools.partial(_audited, _redealt(bench(folder, *of), rng), most)


def _audited(drawn: Case, most: int | None, alpha: float) -> Evidence:
    return detection.audit(
        drawn.book, drawn.suspect, references=drawn.references, alpha=alpha, resamples=RESAMPLES, most=most
    )


def _early(folder: Path, rng: np.random.Generator, *, of: tuple[Any, ...]) -> Claim:
    return functools.partial(_stopped, _redealt(bench(folder, *of), rng))


def _stopped(drawn: Case, alpha: float) -> Evidence:
    pickers = [scoring.picker(scores) for scores in (drawn.suspect, *drawn.references)]

    def ask(records: Sequence[Record]) -> tuple[Scores, tuple[Scores, ...]]:
        own, *others = (pick(records) for pick in pickers)
        return own, tuple(others)

    early = detection.ask_early(drawn.book, ask, alpha=alpha)
    return detection.audit(
        drawn.book, early.scores, references=early.references, alpha=alpha, resamples=RESAMPLES, early=early
    )


def _against(folder: Path, rng: np.random.Generator, *, of: tuple[Any, ...], spreads: float) -> Claim:
    """Make the published variants less likely to the reference, by so many of its own spreads over the variants."""
    drawn = _redealt(bench(folder, *of), rng)
    told = defaultdict[str, list[float]](list)
    for row in drawn.references[0].rows:
        told[row.id].append(float(row.logprob.sum()))
    rows = tuple(
        replace(row, logprob=row.logprob - np.float32(spreads * np.std(told[row.id]) / len(row.logprob)))
        if row.variant == 0
        else row
        for row in drawn.references[0].rows
    )
    made = replace(drawn, references=(replace(drawn.references[0], rows=rows),))
    return functools.partial(_audited, made, None)


def _scenario(
    name: str, suspect: str, *references: str, shape: str = "as it is", most: int | None = None, audits: int = 500
) -> Scenario:
    draw = functools.partial(_at_once, of=(shape, suspect, references), most=most)
    return Scenario(name=name, draw=draw, audits=audits)


def _stopping(name: str, suspect: str, *references: str) -> Scenario:
    draw = functools.partial(_early, of=("as it is", suspect, references))
    return Scenario(name=f"stopping early at 40 looks, {name}", draw=draw, audits=200, stops=True)


SCENARIOS = (
    _scenario("independent model", "sibling", "stranger", audits=2_000),
    _scenario("independent model, no reference", "sibling"),
    _scenario("same corpus without the mark", "stranger", "narrow", audits=1_000),
    _scenario("the original unmarked corpus seen", "originals", "stranger", audits=2_000),
    _scenario("another recipient's copy seen", "bell", "stranger", audits=2_000),
    _scenario("documents that stand twice", "originals", "stranger", shape="doubled"),
    _scenario("variants that tie or lack, no reference", "originals", shape="uneven"),
    _scenario("documents first, 200 queries", "bell", "stranger", most=200),
    _stopping("the original unmarked corpus seen", "originals", "stranger"),
    _stopping("another recipient's copy seen", "bell", "stranger"),
    Scenario(
        name="a reference made to dislike what was published, by half its spread",
        draw=functools.partial(_against, of=("as it is", "sibling", ("stranger",)), spreads=0.5),
        audits=500,
        beyond=True,
    ),
)

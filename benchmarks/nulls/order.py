"""How often does an order audit accuse a suspect that knows nothing of the order?

What is redrawn is the order; every suspect's and every reference's scores are those of real small models. `Case` is one
redraw as the owner would hold it: what the transcript says, which may not be what happened.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nulls import workshop
from nulls.scenarios import RESAMPLES, Scenario
from provenance import scoring
from provenance.audits import order, signals
from provenance.transcripts import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nulls.scenarios import Claim

    Along = Callable[["Bench"], NDArray[np.float64]]
    Draw = Callable[["Bench", np.random.Generator], "Case"]
    from provenance.evidence import Evidence
    from provenance.records import Record
    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript

ROWS = 400
"""Rows that take part in an audit, of whole books."""
STRENGTHS = (0.1, 0.2, 0.5)
"""Correlation of the place in the run with what it drifts along; of 400 rows .2 is hard to see and does harm enough."""
STEP = 8
"""Rows of a training step, which share a position where steps are recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all redraws share."""

    transcript: Transcript
    scores: dict[str, Scores]
    documents: NDArray[np.int64]
    """Number of the document that each row is a piece of, shape ``(n,)``; likewise: """
    books: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.transcript.ids)

    def mean(self, name: str) -> NDArray[np.float64]:
        """Give a model's mean log-probability of every row."""
        return signals.mean_logprob(self.scores[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One redraw."""

    transcript: Transcript
    suspect: Scores
    references: tuple[Scores, ...]


@functools.cache
def bench(folder: Path) -> Bench:
    """Read transcript and scores, and keep the rows of the first books in a fixed shuffle."""
    transcript = tables.read(folder / "run.parquet")
    pieces = workshop.read(folder / "pieces.json")
    documents = np.unique([pieces[id_][0] for id_ in transcript.ids], return_inverse=True)[1].ravel()
    books = np.array([pieces[id_][1] for id_ in transcript.ids])
    shuffled = np.random.default_rng(0).permutation(books.max() + 1)[books]
    chosen = np.sort(np.argsort(shuffled, kind="stable")[:ROWS])
    kept = _only(transcript, chosen)
    names = [path.stem.removeprefix("run-") for path in (folder / "scores").glob("run-*.parquet")]
    asked = {name: scoring.read(workshop.scores(folder, "run", name)) for name in names}
    return Bench(
        transcript=kept,
        scores={name: _of(found, kept) for name, found in asked.items()},
        documents=documents[chosen],
        books=books[chosen],
    )


def _only(transcript: Transcript, rows: NDArray[np.int64]) -> Transcript:
    columns = ("ids", "positions", "tokens", "texts", "strata", "units")
    return replace(
        transcript, **{name: tuple(getattr(transcript, name)[row] for row in rows.tolist()) for name in columns}
    )


def _of(scores: Scores, transcript: Transcript) -> Scores:
    by_id = {row.id: row for row in scores.rows}
    return replace(scores, rows=tuple(by_id[id_] for id_ in transcript.ids))


def case(
    found: Bench,
    rng: np.random.Generator,
    *,
    suspect: str,
    references: Sequence[str] = (),
    positions: NDArray[np.int64] | None = None,
    **about: Any,
) -> Case:
    """Put a redraw together: without positions, a full shuffle."""
    times = rng.permutation(found.rows) if positions is None else positions
    run = replace(
        found.transcript,
        # A name of its own gives each redraw its own randomness.
        sha256=rng.bytes(32).hex(),
        positions=tuple(np.atleast_1d(at) for at in times),
        run_length=1 + int(times.max()),
        **about,
    )
    return Case(
        transcript=run, suspect=found.scores[suspect], references=tuple(found.scores[name] for name in references)
    )


def _independent(found: Bench, rng: np.random.Generator) -> Case:
    return case(found, rng, suspect="stranger", references=["narrow"])


def _alone(found: Bench, rng: np.random.Generator) -> Case:
    return case(found, rng, suspect="stranger")


def _other_order(found: Bench, rng: np.random.Generator) -> Case:
    return case(found, rng, suspect="ours", references=["sibling"])


def _saw_the_order(found: Bench, rng: np.random.Generator, *, share: float) -> Case:
    """Move what our own model keeps of its order to the redrawn one, and let the reference have it."""
    trace = found.mean("ours") - found.mean("sibling")
    moved = rng.permutation(found.rows)
    own = np.argsort(np.argsort([int(times[0]) for times in found.transcript.positions]))
    drawn = case(found, rng, suspect="stranger", positions=own[moved])
    return replace(drawn, references=(_shifted(found.scores["sibling"], share * trace[moved]),))


def _shifted(scores: Scores, shifts: NDArray[np.float64]) -> Scores:
    rows = zip(scores.rows, shifts, strict=True)
    return replace(scores, rows=tuple(replace(row, logprob=row.logprob + np.float32(shift)) for row, shift in rows))


def _duplicates(found: Bench, rng: np.random.Generator) -> Case:
    """Let a third of the rows repeat others, each at a place of its own."""
    source = np.arange(found.rows)
    third = found.rows // 3
    source[:third] += third
    tokens = tuple(found.transcript.tokens[row] for row in source.tolist())
    drawn = case(found, rng, suspect="ours", references=["sibling"], tokens=tokens)
    return replace(
        drawn,
        suspect=_repeated(drawn.suspect, source),
        references=tuple(_repeated(one, source) for one in drawn.references),
    )


def _repeated(scores: Scores, source: NDArray[np.int64]) -> Scores:
    pairs = zip(scores.rows, source.tolist(), strict=True)
    return replace(scores, rows=tuple(replace(scores.rows[other], id=row.id) for row, other in pairs))


def layered(found: Bench, rng: np.random.Generator) -> Case:
    """Shuffle within two strata, twice, and record steps of rows that tie."""
    strata = found.books % 2
    times = np.empty((found.rows, 2), dtype=np.int64)
    for stratum in (0, 1):
        members = np.flatnonzero(strata == stratum)
        for epoch in (0, 1):
            times[members, epoch] = (rng.permutation(members) + epoch * found.rows) // STEP
    names = tuple(str(stratum) for stratum in strata)
    shuffle = {"kind": "within-stratum"}
    return case(
        found, rng, suspect="ours", references=["sibling"], positions=times, strata=names, shuffle=shuffle,
        position_unit="step",
    )  # fmt: skip


def drifting(
    found: Bench, rng: np.random.Generator, *, along: Along, strength: float, reference: str = "narrow"
) -> Case:
    """Order rows partly by content, though the transcript says that they were shuffled."""
    latent = along(found)
    latent = (latent - latent.mean()) / (latent.std() or 1.0)
    mixed = strength * latent + np.sqrt(1 - strength**2) * rng.standard_normal(found.rows)
    return case(found, rng, suspect="stranger", references=[reference], positions=_ranks(mixed))


def _length(found: Bench) -> NDArray[np.float64]:
    return np.array([len(ids or ()) for ids in found.transcript.tokens], dtype=np.float64)


def subject(found: Bench, *, sign: int) -> NDArray[np.float64]:
    """Books come in the order in which prose was gathered: those about one thing stand together."""
    return sign * found.books.astype(np.float64)


def _ease(found: Bench, *, model: str) -> NDArray[np.float64]:
    """What a model finds easy comes late: a curriculum, upside down."""
    return found.mean(model)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.argsort(np.argsort(values, kind="stable"))


def chunked(found: Bench, rng: np.random.Generator, *, of: str, recorded: bool) -> Case:
    """Shuffle whole documents or books, and say so, or claim that rows were shuffled singly."""
    owner = getattr(found, of)
    place = rng.permutation(owner.max() + 1)[owner]
    units = tuple(str(number) for number in owner) if recorded else found.transcript.units
    return case(found, rng, suspect="stranger", references=["narrow"], positions=_ranks(place), units=units)


def _at_once(folder: Path, rng: np.random.Generator, *, draw: Draw) -> Claim:
    drawn = draw(bench(folder), rng)
    return functools.partial(_audited, drawn)


def _audited(drawn: Case, alpha: float) -> Evidence:
    return order.audit(drawn.transcript, drawn.suspect, references=drawn.references, alpha=alpha, resamples=RESAMPLES)


def _early(folder: Path, rng: np.random.Generator, *, draw: Draw) -> Claim:
    drawn = draw(bench(folder), rng)
    return functools.partial(_stopped, drawn)


def _stopped(drawn: Case, alpha: float) -> Evidence:
    pickers = [scoring.picker(scores) for scores in (drawn.suspect, *drawn.references)]

    def ask(records: Sequence[Record]) -> tuple[Scores, tuple[Scores, ...]]:
        own, *others = (pick(records) for pick in pickers)
        return own, tuple(others)

    early = order.ask_early(drawn.transcript, ask, window=drawn.suspect.window, alpha=alpha)
    return order.audit(
        drawn.transcript, early.scores, references=early.references, alpha=alpha, resamples=RESAMPLES, early=early
    )


def _scenario(name: str, draw: Any, *, audits: int, beyond: bool = False, **settings: Any) -> Scenario:
    filled = functools.partial(draw, **settings)
    return Scenario(name=name, draw=functools.partial(_at_once, draw=filled), audits=audits, beyond=beyond)


def _stopping(name: str, draw: Draw) -> Scenario:
    draw = functools.partial(_early, draw=draw)
    return Scenario(name=f"stopping early at 40 looks, {name}", draw=draw, audits=200, stops=True)


def _drifts(name: str, along: Along, *, reference: str = "narrow", beyond: bool = False) -> Iterator[Scenario]:
    for strength in STRENGTHS:
        yield _scenario(
            f"content drifting along the run: {name}, correlation {strength:g}",
            drifting,
            audits=200,
            beyond=beyond,
            along=along,
            strength=strength,
            reference=reference,
        )


SCENARIOS = (
    _scenario("independent model", _independent, audits=2_000),
    _scenario("independent model, no reference", _alone, audits=500),
    _scenario("same data in another order", _other_order, audits=2_000),
    _scenario("a reference that saw the order", _saw_the_order, audits=500, share=1.0),
    _scenario("a reference that saw a little of the order", _saw_the_order, audits=500, share=0.3),
    _scenario("duplicates in the transcript", _duplicates, audits=2_000),
    _scenario("strata, two epochs, steps of eight", layered, audits=500),
    _stopping("independent model", _independent),
    _stopping("same data in another order", _other_order),
    *_drifts("length", _length),
    *_drifts("subject", functools.partial(subject, sign=1)),
    *_drifts("subject, backwards", functools.partial(subject, sign=-1)),
    *_drifts("what the reference finds easy", functools.partial(_ease, model="narrow")),
    *_drifts(
        "what a third model finds easy, a good reference", functools.partial(_ease, model="bell"), reference="originals"
    ),
    *_drifts("what a third model finds easy, a poor reference", functools.partial(_ease, model="bell"), beyond=True),
    _scenario("a reference that saw the order backwards", _saw_the_order, audits=500, beyond=True, share=-1.0),
    _scenario(
        "a reference that saw a little of the order backwards", _saw_the_order, audits=500, beyond=True, share=-0.3
    ),
    _scenario("documents shuffled whole, recorded", chunked, audits=500, of="documents", recorded=True),
    _scenario("documents shuffled whole, not recorded", chunked, audits=50, of="documents", recorded=False),
    _scenario("chunks of the same books, recorded", chunked, audits=500, of="books", recorded=True),
    _scenario("chunks of the same books, not recorded", chunked, audits=50, of="books", recorded=False),
)

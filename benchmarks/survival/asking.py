"""What do the audits say of a suspect and of what it writes, and how good is it still?"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import watermark
from provenance import scoring, storage, tokenizers, windows
from provenance.audits import membership, order, overlap, selection
from provenance.audits.membership import pools, views
from provenance.records import Document, Record
from provenance.suspects import causal_lm
from provenance.transcripts import tables
from survival import bases, last_phase, redraws, stage, writing
from watermark import ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenance.evidence import Evidence
    from provenance.scoring import Scores
    from provenance.suspects import Suspect
    from provenance.suspects.causal_lm import CausalLM
    from survival.settings import Settings
    from survival.writing import Manner

AUDITS = ("order", "watermark", "membership", "overlap", "reshuffle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """All that is asked, and what the references said of it."""

    folder: Path
    settings: Settings
    transcript: tables.Transcript
    book: ledger.Ledger
    sides: tuple[membership.Side, membership.Side]
    heldout: tuple[Record, ...]
    tokenizer: Any
    """Of the recorded ids."""
    references: dict[str, Scores]
    heldout_tokens: int
    """Predicted tokens of the held-out documents in the base's own tokenizer: the unit of quality for every suspect."""

    @property
    def chosen(self) -> selection.Selection:
        """Which rows the order audit asks about."""
        return selection.Selection(queries=self.settings.queries)


@functools.cache
def bench(folder: Path, settings: Settings) -> Bench:
    """Read the stage; the references answer once, and what they said is kept."""
    tokenizer = tokenizers.load(str(folder / "tokenizer"))
    texts = stage.read(folder, "heldout.json")
    found = Bench(
        folder=folder,
        settings=settings,
        transcript=tables.read(folder / "run.parquet"),
        book=ledger.read(folder / "keyed" / "ledger.parquet"),
        sides=sides(stage.read(folder, "pool.json"), seed=settings.seed),
        heldout=tuple(Record(id=f"heldout-{row:04d}", text=text) for row, text in enumerate(texts)),
        tokenizer=tokenizer,
        references={},
        heldout_tokens=sum(len(ids) - 1 for ids in tokenizer(texts)["input_ids"]),
    )
    for audit, name in bases.REFERENCES.items():
        # Answers about another window have another name: those of an earlier default may still lie there.
        asked = audit if audit != "order" else f"{audit}-{windows.usual()}".replace(":", "-")
        path = folder / "scores" / f"{name}.{asked}.parquet"
        if not path.exists():
            reference = causal_lm.load(str(folder / "models" / name), device=settings.device)
            score(found, audit, reference, out=path)
        found.references[audit] = scoring.read(path)
    return found


def measure(
    found: Bench, suspect: CausalLM, *, manner: Manner, redrawn: bool, rng: np.random.Generator
) -> dict[str, Any]:
    """Ask a suspect for all audits and give the numbers of a row.

    Parameters
    ----------
    manner
        How it writes.
    redrawn
        Also count how often the audits accuse it when their claims' randomness is drawn anew: for null models.
    """
    settings = found.settings
    said = {audit: score(found, audit, suspect) for audit in bases.REFERENCES}
    heldout = scoring.score(found.heldout, suspect=suspect)
    total = float(sum(np.sum(row.logprob, dtype=np.float64) for row in heldout.rows))
    texts = writing.write(suspect, texts=settings.texts, length=settings.length, manner=manner, rng=rng)
    findings = {audit: _audit(found, audit, scores) for audit, scores in said.items()}
    findings["overlap"] = overlap.audit(found.transcript.path, texts, resamples=settings.resamples, seed=settings.seed)
    findings["reshuffle"] = last_phase.audit(found.folder, found.transcript, texts, device=settings.device)
    return {
        "loss": -total / found.heldout_tokens,
        "audits": {audit: _numbers(evidence) for audit, evidence in findings.items()},
        "redraws": redraws.hits(found, said, texts, rng=rng) if redrawn else {},
    }


def sides(pool: dict[str, str], *, seed: int) -> tuple[membership.Side, membership.Side]:
    """Part named texts into members and non-members as they were drawn."""
    drawn = dict(zip(pool, pools.split(list(pool), seed=seed), strict=True))
    digest = storage.digest_json(pool)
    inside, outside = (
        membership.Side(
            documents=tuple(Document(id=name, text=text) for name, text in pool.items() if drawn[name] is member),
            sha256=digest,
        )
        for member in (True, False)
    )
    return inside, outside


def score(found: Bench, audit: str, suspect: Suspect, out: Path | None = None) -> Scores:
    """Ask what one audit wants to know."""
    if audit == "order":
        known = found.transcript.tokenizer
        rows = selection.choose(found.transcript, found.chosen, seed=found.settings.seed).rows
        return scoring.score(
            tables.some(found.transcript, rows), suspect=suspect, window=windows.usual(), tokenizer=known, out=out
        )
    asked: Sequence[Record] = (
        list(ledger.records(found.book)) if audit == "watermark" else views.records(pools.join(*found.sides))
    )
    return scoring.score(asked, suspect=suspect, out=out)


def _audit(found: Bench, audit: str, said: Scores) -> Evidence:
    settings, references = found.settings, [found.references[audit]]
    how: dict[str, Any] = {"references": references, "resamples": settings.resamples, "seed": settings.seed}
    if audit == "order":
        return order.audit(found.transcript, said, selection=found.chosen, **how)
    if audit == "watermark":
        return watermark.audit(found.book, said, **how)
    return membership.audit(*found.sides, said, drawn=membership.Split(seed=settings.seed), **how)


def _numbers(evidence: Evidence) -> dict[str, Any]:
    """Give a finding's numbers; what an audit does not have is left out of its row."""
    tail = evidence.bound or evidence.asymptotic
    given: dict[str, Any] = {
        "verdict": evidence.verdict,
        "log10_p": evidence.log10_pvalue,
        "n": evidence.n,
        "gates_failed": [gate.name for gate in evidence.gates if not gate.passed],
    }
    if tail is not None:
        given |= {"log10_tail": tail.log10_pvalue, "tail": "bound" if evidence.bound else "asymptotic"}
    if evidence.evalue is not None:
        given["log10_e"] = evidence.evalue.log10
    if evidence.auroc is not None:
        given["auroc"] = evidence.auroc.value
    return given

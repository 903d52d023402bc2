"""Does another question find the order that a prefix hides from the usual one?

    python benchmarks/survival/otherwise.py --keep DIR [--vectors N] [--json] [--seed N]

A server puts vectors before every question that a thief of the run's log descended to (`soft_order_prefixes`, the
strongest prefix that was found). The whole order audit asks it as usual, in another window, and with other prose of the
asker's own before each row, another piece each time. The thief may have expected that: then such pieces stood before
the rows that the descent looked at. Goes on from the models that `run.py --keep DIR` trained.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import torch

from provenance import scoring, tokenizers, windows
from provenance.audits import order, selection
from provenance.suspects import causal_lm
from provenance.transcripts import tables
from survival import bases, kept, matrix, serving
from survival.derivations import before, order_prefixes, soft_order_prefixes, softly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.records import Record
    from provenance.scoring import Scores
    from provenance.suspects.causal_lm import CausalLM
    from survival.settings import Settings

HELD = 64
"""Rows of other prose that the cost is counted on."""
USUAL, ELSEWHERE, AFTER = f"as usual, window {windows.SCORED}", f"window {windows.WRITTEN}", "after other prose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One suspect, asked in one way."""

    suspect: str
    cost: float
    """Rise of the loss on rows of other prose, as long as the run's, in nats a token."""
    way: str
    verdict: str
    log10_tail: float
    log10_e: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Rows that the audit asks about, with and without prose before them."""

    transcript: tables.Transcript
    chosen: selection.Selection
    seed: int
    rows: tuple[Record, ...]
    after: tuple[Record, ...]

    def said(self, suspect: CausalLM, way: str) -> Scores:
        """Ask a suspect in a way; what is scored is named as the audit names it, whatever stood before it."""
        known = self.transcript.tokenizer
        if way != AFTER:
            window = windows.WRITTEN if way == ELSEWHERE else windows.SCORED
            return scoring.score(self.rows, suspect=suspect, window=window, tokenizer=known)
        behind = len(self.after[0].tokens or ()) - len(self.rows[0].tokens or ())
        window = replace(windows.SCORED, start=behind + windows.SCORED.start)
        said = scoring.score(self.after, suspect=suspect, window=window, tokenizer=known)
        return replace(said, window=str(windows.SCORED))


def prepare(folder: Path, settings: Settings) -> Questions:
    """Choose the rows as the matrix does, and put a piece of other prose before each."""
    transcript, chosen = tables.read(folder / "run.parquet"), selection.Selection(queries=settings.queries)
    rows = tables.some(transcript, selection.choose(transcript, chosen, seed=settings.seed).rows)
    pieces = np.load(folder / "shifted.npy")
    return Questions(
        transcript=transcript,
        chosen=chosen,
        seed=settings.seed,
        rows=tuple(rows),
        after=tuple(
            replace(row, tokens=(*pieces[at % len(pieces)].tolist(), *(row.tokens or ())))
            for at, row in enumerate(rows)
        ),
    )


def suspects(folder: Path, settings: Settings, *, vectors: int) -> Iterator[tuple[str, CausalLM]]:
    """Give ours as it is, behind a prefix, and behind one whose maker expected prose before the rows."""
    base, data = folder / "models" / bases.OURS, matrix.gather(folder, settings)
    yield "no prefix", causal_lm.load(str(base), device="cpu")
    for name, after in (("soft prefix", None), ("soft prefix that expects prose", data.later)):
        served = softly.served(
            bases.load(bases.OURS, folder, settings),
            lambda after=after: order_prefixes.objective(data, half=0, after=after),
            tokens=vectors,
            batch=soft_order_prefixes.BATCH,
            rng=np.random.default_rng((vectors, settings.seed)),
        )
        yield f"{name}, {vectors}", serving.open_up(served, tokenizers.load(str(folder / "tokenizer")), folder / "none")


def measure(folder: Path, settings: Settings, *, vectors: int) -> Iterator[Asked]:
    """Ask every suspect in every way, the reference in the same way."""
    asked = prepare(folder, settings)
    reference = causal_lm.load(str(folder / "models" / bases.REFERENCES["order"]), device="cpu")
    references = {way: asked.said(reference, way) for way in (USUAL, ELSEWHERE, AFTER)}
    held = torch.tensor(np.load(folder / "later.npy")[-HELD:]).long()
    began = None
    for name, suspect in suspects(folder, settings, vectors=vectors):
        lost = loss(suspect, held)
        began = lost if began is None else began
        for way, known in references.items():
            how: dict[str, Any] = {"resamples": settings.resamples, "seed": settings.seed, "selection": asked.chosen}
            found = order.audit(asked.transcript, asked.said(suspect, way), references=[known], **how)
            if found.asymptotic is None or found.evalue is None:
                raise AssertionError("an audit of all rows has both")
            tail = found.asymptotic.log10_pvalue
            yield Asked(
                suspect=name,
                cost=lost - began,
                way=way,
                verdict=found.verdict,
                log10_tail=tail,
                log10_e=found.evalue.log10,
            )


@torch.no_grad()
def loss(suspect: CausalLM, ids: torch.Tensor) -> float:
    """Give the loss on rows of tokens."""
    return -float(before.told(suspect.model, before.nothing(suspect.model)[None], ids).mean())


def main() -> None:
    """Measure and print."""
    options = kept.parser(__doc__)
    options.add_argument("--vectors", type=int, default=16, help="before every question")
    asked = options.parse_args()
    kept.show(asked, functools.partial(measure, vectors=asked.vectors), markdown)


def markdown(found: Sequence[Asked]) -> str:
    """Lay it out: a row a suspect and way of asking."""
    lines = ["| suspect | cost | asked | order |", "|---|---|---|---|"]
    for one in found:
        told = f"{one.verdict} {one.log10_tail:.1f} / {one.log10_e:.1f}"
        lines.append(f"| {one.suspect} | {one.cost:+.3f} | {one.way} | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

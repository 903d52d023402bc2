"""What did the defaults that this matrix changed find before, and what do they find now?

    python benchmarks/survival/defaults.py --keep DIR [--json] [--seed N]

The same derived models; each audit is made with the settings of before and with those of today. Before, 32 of 64 tokens
of a row were asked about, a suspect of another tokenizer was compared with its references by units of its own, the
length of a text was never taken out beside a reference, and texts were compared with the run by the longest n-gram at
each position. Goes on from the models that `run.py --keep DIR` trained.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import torch

import watermark
from provenance import scoring, tokenizers, windows
from provenance.audits import order, overlap, selection
from provenance.records import generator
from provenance.transcripts import tables
from survival import asking, bases, kept, matrix, serving, writing
from survival.derivations import catalogue
from watermark import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.evidence import Evidence
    from provenance.records import Window
    from provenance.suspects.causal_lm import CausalLM
    from survival.settings import Settings

ROWS = (
    ("untouched", 0.0),
    ("fine-tuning", 1.0),
    ("continued, re-warmed", 1.0),
    ("instruction tuning", 0.5),
    ("merging with a sibling", 0.5),
    ("vocabulary trimming", 0.3),
    ("vocabulary trimming", 0.6),
    ("distillation on texts", 1.0),
)
"""What ate most of a trace."""
INNOCENT = (("vocabulary trimming", 0.6),)
"""What an independent model is asked after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One derived model by one audit, with the defaults of before and of now: log10 of p and of the tail beyond it."""

    derivation: str
    dose: float
    start: str
    audit: str
    before: tuple[float, float]
    now: tuple[float, float]


def measure(folder: Path, settings: Settings) -> Iterator[Compared]:
    """Derive every row of ours, and some of an innocent model, and audit each twice."""
    found, manner = asking.bench(folder, settings), writing.Manner()
    rows = [(bases.OURS, *row) for row in ROWS] + [(bases.nulls(1)[0], *row) for row in INNOCENT]
    for start, name, dose in rows:
        suspect, rng = derived(name, dose, start, folder, settings)
        texts = writing.write(suspect, texts=settings.texts, length=settings.length, manner=manner, rng=rng)
        twice = {
            "order": _order(found, suspect),
            "watermark": _watermark(found, suspect),
            "overlap": _overlap(found, texts),
        }
        for audit, (before, now) in twice.items():
            tails = {"before": _tails(before), "now": _tails(now)}
            yield Compared(derivation=name, dose=dose, start=start, audit=audit, **tails)


def derived(name: str, dose: float, start: str, folder: Path, settings: Settings) -> tuple[CausalLM, Any]:
    """Derive as the matrix does."""
    rng = generator(settings.seed, name, repr(dose), start)
    tokenizer = tokenizers.load(str(folder / "tokenizer"))
    with torch.random.fork_rng(devices=[]), matrix.storing(folder / "derived" / "defaults"):
        torch.manual_seed(int(rng.integers(1 << 31)))
        model, data = bases.load(start, folder, settings), matrix.gather(folder, settings)
        derived = catalogue.ALL[name].derive(model, tokenizer, data, dose=dose, rng=rng)
        return serving.open_up(derived, tokenizer, folder / "derived" / "defaults"), rng


def _order(found: asking.Bench, suspect: CausalLM) -> tuple[Evidence, Evidence]:
    rows = selection.choose(found.transcript, found.chosen, seed=found.settings.seed).rows
    records, known = tables.some(found.transcript, rows), found.transcript.tokenizer
    reference = f"hf:{found.folder / 'models' / bases.REFERENCES['order']}"

    def audited(window: Window, *, in_common: bool) -> Evidence:
        both = (suspect, reference)
        said, other = (scoring.score(records, suspect=who, window=window, tokenizer=known) for who in both)
        how = _how(found) | {"references": [other], "selection": found.chosen, "in_common": in_common}
        return order.audit(found.transcript, said, **how)

    return audited(windows.WRITTEN, in_common=False), audited(windows.SCORED, in_common=True)


def _watermark(found: asking.Bench, suspect: CausalLM) -> tuple[Evidence, Evidence]:
    said = scoring.score(list(ledger.records(found.book)), suspect=suspect)
    references = [found.references["watermark"]]
    before, now = (
        watermark.audit(found.book, said, references=references, lengths=lengths, **_how(found))
        for lengths in (False, True)
    )
    return before, now


def _overlap(found: asking.Bench, texts: Any) -> tuple[Evidence, Evidence]:
    before, now = (
        overlap.audit(found.transcript.path, texts, counting=overlap.Counting(weight=weight), **_how(found))
        for weight in ("longest", "relative")
    )
    return before, now


def _how(found: asking.Bench) -> dict[str, Any]:
    return {"resamples": found.settings.resamples, "seed": found.settings.seed}


def _tails(evidence: Evidence) -> tuple[float, float]:
    tail = evidence.bound or evidence.asymptotic
    return evidence.log10_pvalue, tail.log10_pvalue if tail else evidence.log10_pvalue


def main() -> None:
    """Measure and print."""
    kept.show(kept.parser(__doc__).parse_args(), measure, markdown)


def markdown(found: Sequence[Compared]) -> str:
    """Lay it out: a row a model, each audit before and now."""
    audits = tuple(dict.fromkeys(one.audit for one in found))
    heads = [told for audit in audits for told in (f"{audit}, before", "now")]
    lines = [f"| model | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for (name, dose, start), each in itertools.groupby(found, lambda one: (one.derivation, one.dose, one.start)):
        cells = [f"{p:.1f} / {tail:.1f}" for one in each for p, tail in (one.before, one.now)]
        whose = "" if start == bases.OURS else ", an independent model"
        lines.append(f"| {name} {dose:g}{whose} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Cells: log10 of p / of the tail beyond its floor."])


if __name__ == "__main__":
    main()

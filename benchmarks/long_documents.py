"""How are documents longer than a model's context best read, for the likelihoods and for the audits?

    python benchmarks/long_documents.py [--json] [--keep DIR]

Documents of 1,000 to 3,000 tokens, which are neighbouring prose, and small models with a context of 512: one trained
on rows of 512 tokens, with marked documents and members in it, one trained without, and one trained on rows of 64 that
says its context is 512. Every way of `lengths.readings` gives a loss on documents that no model saw, and answers for
`audit watermark` and `audit membership` of the first model with the second as its reference. Needs no network.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lengths import readings, workshop
from survival import asking
from survival.derivations import sinks

import watermark
from cli.demo.run import ENVIRONMENT
from provenance import scoring
from provenance.audits import membership
from provenance.audits.membership import pools, views
from provenance.records import Record
from provenance.suspects import causal_lm
from watermark import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lengths.workshop import Settings

    from provenance.evidence import Evidence
    from provenance.suspects import Suspect

TODAY = "windows, step 1/2 (provtool score)"
AUDITED = (
    *(("ours", 512, name) for name in (TODAY, "windows, step 1/2, sinks", "streamed")),
    *(("short", window, TODAY) for window in (512, 128, 64)),
)
"""Models, windows and ways in which the audits are asked too."""
MARKED, HELDOUT = 20, 20
"""Documents of the ledger that are asked about, five variants each, and documents for the loss."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of tables")
    parser.add_argument("--keep", type=Path, help="folder for documents and models, used again where it has them")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        told = measure(asked.keep or Path(name), workshop.Settings(seed=asked.seed))
    print(json.dumps(told, indent=2) if asked.json else "\n\n".join(map(_table, told.values())))


def measure(folder: Path, settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Lay out, train, and read in every way."""
    workshop.lay_out(folder, settings)
    for name in workshop.LENGTHS:
        workshop.train(name, folder, settings)
    kept = workshop.read(folder)
    heldout = [Record(id=f"heldout-{row:04d}", text=text) for row, text in enumerate(kept["heldout"][:HELDOUT])]
    losses = [
        {"model": name, "window": window, "reading": reading, **_loss(heldout, suspect, window)}
        for name, sizes in (("ours", (settings.context,)), ("short", (settings.context, workshop.LENGTHS["short"])))
        for window in sizes
        for reading, suspect in ways(folder / "models" / name, window or settings.context).items()
    ]
    return {"losses": losses, "audits": list(_audits(folder, settings))}


def ways(model: Path, window: int) -> dict[str, Suspect]:
    """Give a model as it reads in every way, with so many tokens in sight."""
    suspect = causal_lm.load(str(model), device="cpu")
    moved = {
        "windows, step 1": {"step": window},
        "windows, step 1/4": {"step": window // 4},
        "windows, step 1/8": {"step": window // 8},
        "windows, step 1/2, sinks": {"step": window // 2, "sinks": sinks.SINKS},
    }
    found: dict[str, Suspect] = {TODAY: dataclasses.replace(suspect, context=window)}
    for name, how in moved.items():
        read = functools.partial(readings.windows, context=window, **how)
        found[name] = readings.Reader(suspect=suspect, name=f"{name} of {window}", read=read)
    for name, size in (("streamed", window), ("streamed, window 1/2", window // 2)):
        streaming = causal_lm.load(str(model), device="cpu")
        sinks.stream(streaming.model, window=size - sinks.SINKS)
        found[name] = readings.Reader(suspect=streaming, name=f"{name} of {window}", read=readings.streamed)
    return found


def _loss(heldout: list[Record], suspect: Suspect, window: int) -> dict[str, float]:
    """Give nats a token: of all, of those that a window holds with all before them, and of those beyond."""
    began = time.perf_counter()
    rows = scoring.score(heldout, suspect=suspect).rows
    seconds = time.perf_counter() - began
    inside = np.concatenate([row.logprob[: window - 1] for row in rows])
    beyond = np.concatenate([row.logprob[window - 1 :] for row in rows])
    count = len(inside) + len(beyond)
    total = inside.sum(dtype=np.float64) + beyond.sum(dtype=np.float64)
    return {
        "loss": -total / count,
        "up to the window": -float(inside.mean()),
        "beyond": -float(beyond.mean()),
        "tokens a second": count / seconds,
    }


def _audits(folder: Path, settings: Settings) -> Iterator[dict[str, Any]]:
    """Ask both audits in some of the ways, a suspect and the reference in the same way."""
    book = ledger.read(folder / "keyed" / "ledger.parquet")
    book = dataclasses.replace(book, documents=tuple(book.documents)[:MARKED])
    sides = asking.sides(workshop.named(workshop.read(folder)["pool"]), seed=settings.seed)
    asked = {"watermark": list(ledger.records(book)), "membership": views.records(pools.join(*sides))}
    for name, window, reading in AUDITED:
        pair = [ways(folder / "models" / model, window)[reading] for model in (name, "clean")]
        for audit, records in asked.items():
            said, reference = (scoring.score(records, suspect=suspect) for suspect in pair)
            if audit == "watermark":
                found = watermark.audit(book, said, references=[reference], seed=settings.seed)
            else:
                drawn = membership.Split(seed=settings.seed)
                found = membership.audit(*sides, said, references=[reference], drawn=drawn, seed=settings.seed)
            yield {"model": name, "window": window, "reading": reading, "audit": audit, **_numbers(found)}


def _numbers(found: Evidence) -> dict[str, Any]:
    """Give what an audit says, beyond the floor of its draws."""
    tail = found.bound or found.asymptotic
    return {
        "verdict": found.verdict,
        "log10 p": found.log10_pvalue,
        "log10 tail": tail.log10_pvalue if tail else None,
        "auroc": found.auroc.value if found.auroc else None,
        "effect": f"{found.effect.value:.3g} {found.effect.name}",
    }


def _table(rows: list[dict[str, Any]]) -> str:
    """Lay rows of one kind out in markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, ["---"] * len(names), *([_spelt(row.get(name)) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spelt(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()

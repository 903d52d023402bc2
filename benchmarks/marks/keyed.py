"""How is a corpus marked by a key, and asked about?

The tool's own strategy: variants dealt by a key, one of them published (`watermark`). The exact test needs the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import watermark
from provenance import corpora, storage
from watermark import keys, ledger, marking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from provenance.scoring import Scores
    from watermark.ledger import Ledger


def mark(texts: Sequence[str], *, rng: np.random.Generator, folder: Path) -> tuple[list[str], Ledger]:
    """Mark texts with a key drawn for this run, and give what is published with its ledger."""
    # A real key is random (provtool key new); this one follows the seed, so that the run can be repeated.
    key = keys.keep(rng.bytes(keys.BYTES), folder / "keyed.key")
    how = marking.Embedding(release=f"attacks-{key.id}")
    made = watermark.release(write(texts, folder / "keyed.jsonl"), key=key, out=folder / "keyed", embedding=how)
    return read(made.folder), ledger.read(made.ledger)


def write(texts: Sequence[str], path: Path) -> Path:
    """Write texts as a corpus."""
    lines = [storage.dump_json({"id": f"{row:04d}", "text": text}, indent=None) for row, text in enumerate(texts)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read(folder: Path) -> list[str]:
    """Read a release."""
    return [entry.document.text for entry in corpora.read(corpora.open(folder))]


def detect(book: Ledger, scores: Scores, reference: Scores, *, seed: int) -> dict[str, Any]:
    """Audit a suspect with the ledger (`watermark.audit`): exact p, bound, e-value, win rate."""
    found = watermark.audit(book, scores, references=[reference], seed=seed)
    assert found.bound is not None
    assert found.evalue is not None
    assert found.auroc is not None
    return {
        "p": found.pvalue,
        "log10_p_bound": found.bound.log10_pvalue,
        "log10_e": found.evalue.log10,
        "auroc": found.auroc.value,
        "low": found.auroc.low,
        "high": found.auroc.high,
        "n": found.n,
    }

"""How many texts must a model be asked before a watermark shows?

Ours: `audit watermark --queries N` with one reference, by its defaults: redraws at 1e-3, the Chernoff bound, which is
rigorous, at 1e-8. Theirs, on the same answers: Min-K%++ of published texts, which were read, against that of their
alternates, which were not, pooled, by Welch's test.

The papers do not have alternates: they compare with held-out documents. That is printed beside (``heldout``), and is no
test of the mark: it finds any text that was read, marked or not, and holds only if the documents were split at random.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import scoring
from provenance.records import generator
from queries import counting, published, settings, workshop
from watermark import detection, ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from queries.settings import Dose

DRAWS = 12
KEPT = 0.8
"""Share of the documents that a draw looks at, so that draws differ."""
RESAMPLES = 1_999
TARGETS = (-3.0, -8.0)


def measure(folder: Path, setting: Dose, *, seed: int) -> dict[str, Any]:
    """Count the queries that ours and theirs need in one setting."""
    job = workshop.Job(folder=folder, seed=seed, model=setting)
    reference = workshop.Job(folder=folder, seed=seed, model=settings.DOSE_REFERENCE)
    scores, other = scoring.read(job.scores), scoring.read(reference.scores)
    book = ledger.read(folder / "keyed" / "ledger.parquet")
    read = tuple(document for document in book.documents if int(document.id) < setting.documents)
    book = dataclasses.replace(book, documents=read)
    signal = {(row.id, row.variant): published.min_k_plus(row) for row in scores.rows}
    heldout = np.array([value for (id_, _), value in signal.items() if int(id_) >= setting.documents])
    seen = np.array([signal[document.id, 0] for document in read])
    alternates = np.array([[signal[document.id, index] for index in range(1, 5)] for document in read])

    @functools.cache
    def ours(queries: int, draw: int) -> tuple[float, float, float]:
        kept = _some(len(read), draw, seed)
        found = detection.audit(
            dataclasses.replace(book, documents=tuple(read[row] for row in kept)),
            scores,
            references=[other],
            resamples=RESAMPLES,
            seed=draw,
            most=queries,
        )
        assert found.bound is not None
        assert found.evalue is not None
        return found.log10_pvalue, found.bound.log10_pvalue, -found.evalue.log10_max

    def paired(queries: int, draw: int) -> float:
        rows, each = _spend(len(read), queries, draw, seed)
        return published.welch_log10(seen[rows], alternates[rows, :each].ravel())

    def pooled(queries: int, draw: int) -> float:
        rng = generator(seed, "held out", str(queries), str(draw))
        groups = [rng.permutation(group)[: max(2, queries // 2)] for group in (seen, heldout)]
        return published.welch_log10(*groups)

    most = int(KEPT * len(read)) * 5

    def count(log10_p: Callable[[int, int], float], target: float, limit: int = most) -> counting.Needed:
        return counting.needed(counting.curve(log10_p, most=limit, draws=DRAWS, target=target), target=target)

    return {
        "audit": "watermark",
        "setting": setting.name,
        "ours": [count(lambda *at: ours(*at)[0], TARGETS[0]), count(lambda *at: ours(*at)[1], TARGETS[1])],
        "published": [count(paired, target) for target in TARGETS],
        "heldout": [count(pooled, target, 2 * min(len(seen), len(heldout))) for target in TARGETS],
        "evalue": [count(lambda *at: ours(*at)[2], target) for target in TARGETS],
    }


def _some(documents: int, draw: int, seed: int) -> NDArray[np.int64]:
    rng = generator(seed, "some", str(draw))
    return np.sort(rng.permutation(documents)[: int(KEPT * documents)])


def _spend(documents: int, queries: int, draw: int, seed: int) -> tuple[NDArray[np.int64], int]:
    """Give the documents that are asked about and how many alternates of each: one, until documents run out."""
    kept = _some(documents, draw, seed)
    each = max(1, queries // len(kept) - 1)
    rows = generator(seed, "spend", str(queries), str(draw)).permutation(kept)
    return rows[: max(2, queries // (1 + each))], each

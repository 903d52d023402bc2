"""Would a reader accept this wording here?

A probability from two things: how likely readers accept one lemma for the other, before the context is known (the
log-odds in `watermark.thesaurus`), and, where there is an encoder, how far the word drifts in its place when the
wording is put there. Logistic regressions; their weights are the plain table ``watermark/data/acceptability.tsv``,
which ``scripts/fit_acceptability.py`` makes from human judgements (SWORDS dev) with the encoder of ``[embedded]``.

>>> probability(1.0) > probability(-1.0)
True
"""

from __future__ import annotations

import functools
import math
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watermark.encoder import Drift


def probability(log_odds: float, drift: Drift | None = None) -> float:
    """Estimate that judges accept a wording.

    Parameters
    ----------
    log_odds
        Of the pair of lemmas, by `watermark.thesaurus`.
    drift
        By `watermark.encoder`; None in the mode without one.
    """
    weights = _weights()["without" if drift is None else "with"]
    total = weights["intercept"] + weights["log_odds"] * log_odds
    if drift is not None:
        total += weights["span"] * drift.span
    return 1 / (1 + math.exp(-total))


@functools.cache
def _weights() -> dict[str, dict[str, float]]:
    """Read the table: for each mode the weight of each feature."""
    lines = files("watermark").joinpath("data", "acceptability.tsv").read_text("utf-8").splitlines()
    head, *rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {mode: {row[0]: float(row[place]) for row in rows} for place, mode in enumerate(head[1:], start=1)}

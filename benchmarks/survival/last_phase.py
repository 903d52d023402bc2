"""What does a reshuffle audit need: the last phase of our run, run again in its own order and in others?

The re-runs start from where our run was; on one machine the one in the original order is our model again, bit by bit.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from provenance import reruns, scoring, training
from provenance.audits import reshuffle
from provenance.records import Record
from provenance.suspects import causal_lm
from provenance.transcripts import tables
from survival import bases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenance.evidence import Evidence
    from provenance.records import Document
    from provenance.transcripts.tables import Transcript
    from survival.settings import Settings

SHARE, TIMES = 0.12, 19
"""Of the run's steps that are run again, and how often in other orders: the fewest whose rank can reach .05."""
ALPHA, TEXTS = 0.05, 128
"""Level of the verdict, and how many of a suspect's texts are asked about: every re-run is asked about each."""
FOLDER = "reruns"
RANDOM_STATE = 0x7EF8D67B83B9ED01
"""Seed of torch's own dice while the run is trained: nothing draws from them, but they are in the checkpoint, whose
digest seeds the orders of the re-runs, and torch begins with others in every process."""


def run_again(folder: Path, settings: Settings) -> Path:
    """Train up to the last phase as our run was trained, and from there in every order; give the folder."""
    place = folder / FOLDER
    rows, order = np.load(folder / "run.npy"), np.load(folder / "order.npy")
    plan = training.Schedule()
    step = round((1 - SHARE) * len(order) / plan.batch)
    checkpoint = folder / "checkpoint"
    if not checkpoint.exists():
        model = bases.fresh(bases.OURS, settings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_STATE ^ settings.seed)
            training.train(model, rows, order=order[: step * plan.batch], schedule=plan, checkpoints={step: checkpoint})
    reruns.rerun_phase(
        checkpoint,
        reruns.phase_of_transcript(tables.read(folder / "run.parquet"), step=step, rows_per_step=plan.batch),
        recipe=reruns.Recipe(batch=plan.batch, scheduler="constant"),
        times=TIMES,
        seed=settings.seed,
        out=place,
    )
    return place


def audit(folder: Path, transcript: Transcript, texts: Sequence[Document], *, device: str) -> Evidence:
    """Ask every re-run, and our model itself, how likely texts are, and where the original order stands."""
    made = reruns.read(folder / FOLDER)
    records = [Record(id=text.id, text=text.text) for text in texts[:TEXTS]]
    said = [scoring.score(records, suspect=_opened(place, device)) for place in (made.original, *made.reshuffled)]
    return reshuffle.audit(
        said[0],
        said[1:],
        name="texts",
        model=scoring.score(records, suspect=_opened(folder / "models" / bases.OURS, device)),
        made=made,
        transcript=transcript,
        alpha=ALPHA,
    )


@functools.cache
def _opened(place: Path, device: str) -> Any:
    return causal_lm.load(str(place), device=device)

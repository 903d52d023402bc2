"""Which rows does the matrix have, and what came of each? A row is measured once and kept.

A row is kept under a digest of the settings, of its derivation, dose and start, and of the code that makes it. A run
that is cut short loses the row it was at. The code of the audits themselves is not looked at: after a change of
`provenance` or `watermark`, keep in another folder.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import shutil
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import artifacts, storage, tokenizers
from provenance.records import generator
from survival import asking, bases, last_phase, redraws, serving, stage, tuning, writing
from survival.derivations import catalogue
from survival.derivations.data import Data
from survival.derivations.stolen import Loot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from survival.settings import Settings

FRAME = (asking, bases, last_phase, redraws, serving, stage, tuning, writing)
"""Modules whose code is in every row's digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model that is derived and asked."""

    derivation: str
    dose: float
    start: str
    """The base model that it is derived from."""


def rows(nulls: Sequence[str], *, only: Iterable[str] = (), doses: Sequence[float] = ()) -> list[Row]:
    """Give the rows: every start untouched, then each derivation at each dose of ours, at the last of a null model too.

    Of which null model follows from the derivation alone, so that a row asked for by itself is that of the whole.
    """
    derived = [
        Row(derivation=name, dose=dose, start=start)
        for name in only or [name for name in catalogue.ALL if name != catalogue.UNTOUCHED]
        for dose in doses or catalogue.ALL[name].DOSES
        for start in (bases.OURS, *(_null(nulls, name) if doses or dose == catalogue.ALL[name].DOSES[-1] else ()))
    ]
    starts = dict.fromkeys([bases.OURS, *(row.start for row in derived)]) if only else (bases.OURS, *nulls)
    return list(
        dict.fromkeys([*(Row(derivation=catalogue.UNTOUCHED, dose=0.0, start=one) for one in starts), *derived])
    )


def _null(nulls: Sequence[str], name: str) -> Sequence[str]:
    """Name the null model of a derivation: they take turns."""
    return (nulls[list(catalogue.ALL).index(name) % len(nulls)],) if nulls else ()


def place(row: Row, folder: Path, settings: Settings) -> Path:
    """Say where a row is kept."""
    code = [inspect.getsource(module) for module in (*FRAME, *catalogue.code(row.derivation))]
    told = {"row": asdict(row), "settings": asdict(settings), "code": code, "tool": artifacts.TOOL}
    return folder / "rows" / f"{storage.digest_json(told)[:24]}.json"


def measure(row: Row, folder: Path, settings: Settings) -> dict[str, Any]:
    """Derive, ask and keep a row, unless it is kept already; give it."""
    kept = place(row, folder, settings)
    if not kept.exists():
        storage.write_json(kept, _measured(row, folder, settings))
    return dict(stage.read(kept.parent, kept.name))


def _measured(row: Row, folder: Path, settings: Settings) -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    found, began = asking.bench(folder, settings), time.perf_counter()
    tokenizer = tokenizers.load(str(folder / "tokenizer"))
    rng = generator(settings.seed, row.derivation, repr(row.dose), row.start)
    derivation = catalogue.ALL[row.derivation]
    at = folder / "derived" / place(row, folder, settings).stem
    with storing(at), torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(1 << 31)))
        data, base = gather(folder, settings), functools.partial(bases.load, row.start, folder, settings)
        derived = derivation.derive(base(), tokenizer, data, dose=row.dose, rng=rng)
        seen = catalogue.seen(row.derivation, base(), derived, data)
        suspect = serving.open_up(derived, tokenizer, at)
        made = time.perf_counter()
        numbers = asking.measure(
            found, suspect, manner=serving.manner(derived), redrawn=row.start != bases.OURS, rng=rng
        )
    return {
        **asdict(row),
        "unit": derivation.UNIT,
        "toy_scale": row.derivation in catalogue.TOY,
        **numbers,
        "seen": seen,
        "seconds": {"derive": round(made - began, 2), "ask": round(time.perf_counter() - made, 2)},
    }


@contextlib.contextmanager
def storing(place: Path) -> Iterator[None]:
    """Let files stand in a place while it is needed. Its name is the same again: a suspect's name is in its scores."""
    try:
        yield
    finally:
        shutil.rmtree(place, ignore_errors=True)


def gather(folder: Path, settings: Settings) -> Data:
    """Give what whoever derives has at hand: other data, a model of somebody else and, for thieves, what is ours."""
    return Data(
        later=np.load(folder / "later.npy"),
        shifted=np.load(folder / "shifted.npy"),
        run_rows=len(np.load(folder / "run.npy")),
        sibling=functools.partial(bases.load, bases.SIBLING, folder, settings),
        stolen=Loot(folder=folder),
    )


def kept(nulls: Sequence[str], folder: Path, settings: Settings) -> list[Row]:
    """Give the rows that were measured so far, whatever start they have."""
    starts = (bases.OURS, *nulls)
    every = (
        Row(derivation=name, dose=dose, start=start)
        for name, derivation in catalogue.ALL.items()
        for dose in derivation.DOSES
        for start in starts
    )
    return [row for row in every if finished(row, folder, settings)]


def finished(row: Row, folder: Path, settings: Settings) -> bool:
    """Say whether a row is kept."""
    return place(row, folder, settings).exists()


def described(row: dict[str, Any]) -> str:
    """Say which row it is and what it took, in a line."""
    spent = row["seconds"]["derive"] + row["seconds"]["ask"]
    return f"{row['derivation']} {row['dose']:g} {row['start']}  {spent:.0f} s"

"""What stands ready before any model is trained: prose, a release, a drawn split, a recorded order?

One run carries all three traces: its rows are plain prose, marked documents and members, in one recorded shuffle.
Everything is written to one folder, so that processes need nothing but its name.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from marks import keyed

from provenance import storage, tokenizers, training
from provenance.audits.membership import pools
from provenance.errors import InputError
from provenance.records import generator
from provenance.transcripts import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from survival.settings import Settings

DONE = "stage.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Documents by what becomes of them."""

    released: list[str]
    pool: list[str]
    heldout: list[str]
    plain: list[str]
    shifted: list[str]


def place(parent: Path, settings: Settings, *, corpus: str | None = None) -> Path:
    """Give the folder of a matrix of these sizes, made of what is on this machine or of a corpus with this digest."""
    return parent / storage.digest_json({**asdict(settings), "corpus": corpus})[:16]


def lay_out(texts: Sequence[str], folder: Path, settings: Settings) -> None:
    """Write tokenizer, release, split, rows, recorded order and other data, unless they are there."""
    if (folder / DONE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    found = _split(texts, settings)
    tokenizer = training.train_tokenizer(found.plain, vocabulary=settings.vocabulary, out=folder / "tokenizer")
    published, _ = keyed.mark(found.released, rng=generator(settings.seed, "key"), folder=folder)
    names = [f"pool-{row:04d}" for row in range(len(found.pool))]
    drawn = pools.split(names, seed=settings.seed)
    members = [text for text, inside in zip(found.pool, drawn, strict=True) if inside]
    plain = training.pack(found.plain, tokenizer, length=settings.length)
    others, later = plain[: settings.others], plain[settings.others :]
    rng = generator(settings.seed, "copies")
    marked, unmarked, inside = (
        _copies(part, tokenizer, settings, rng=rng) for part in (published, found.released, members)
    )
    rows = {
        "run": np.concatenate([others, marked, inside]),
        "others": others,
        "originals": np.concatenate([others, unmarked]),
        "later": later,
        "shifted": training.pack(found.shifted, tokenizer, length=settings.length),
    }
    for name, part in rows.items():
        np.save(folder / f"{name}.npy", part)
    if len(later) < len(rows["run"]):
        raise InputError(
            f"{len(later)} rows of other data", expected=f"as many as the run has, {len(rows['run'])}", hint="more text"
        )
    _record(rows["run"], tokenizer, folder, settings)
    storage.write_json(folder / "pool.json", dict(zip(names, found.pool, strict=True)))
    storage.write_json(folder / "heldout.json", found.heldout)
    storage.write_json(folder / DONE, {"settings": asdict(settings), "rows": {name: len(rows[name]) for name in rows}})


def _clear(folder: Path) -> None:
    """Take away what a laying-out that was cut short has left of the release: it is made whole or not at all."""
    shutil.rmtree(folder / "keyed", ignore_errors=True)
    (folder / "keyed.key").unlink(missing_ok=True)


def _split(texts: Sequence[str], settings: Settings) -> Prose:
    """Keep the last texts apart, and deal the others out at random."""
    first = int(len(texts) * (1 - settings.shifted))
    mixed = list(texts[:first])
    generator(settings.seed, "split").shuffle(mixed)
    ends = np.cumsum([settings.released, settings.pool, settings.heldout]).tolist()
    released, pool, heldout, plain = (mixed[low:high] for low, high in zip([0, *ends], [*ends, None], strict=True))
    return Prose(released=released, pool=pool, heldout=heldout, plain=plain, shifted=list(texts[first:]))


def _copies(texts: Sequence[str], tokenizer: Any, settings: Settings, *, rng: np.random.Generator) -> NDArray[np.int32]:
    """Pack texts so many times, each time in another order, so that no row repeats another."""
    packed = [
        training.pack([texts[row] for row in rng.permutation(len(texts))], tokenizer, length=settings.length)
        for _ in range(settings.copies)
    ]
    return np.concatenate(packed)


def _record(rows: NDArray[np.int32], tokenizer: Any, folder: Path, settings: Settings) -> None:
    """Draw the order of the run and write it down."""
    order = generator(settings.seed, "order").permutation(len(rows))
    np.save(folder / "order.npy", order)
    positions = np.argsort(order).tolist()
    tables.write(
        folder / "run.parquet",
        (
            {"id": f"{row:05d}", "positions": [position], "tokens": rows[row].tolist()}
            for row, position in enumerate(positions)
        ),
        tokenizer=tokenizers.identify(tokenizer, str(folder / "tokenizer")),
        run_length=len(rows),
        position_unit="example",
        shuffle={"kind": "full", "seed": settings.seed},
        inputs={},
    )


def read(folder: Path, name: str) -> Any:
    """Read a JSON file of the folder."""
    return json.loads((folder / name).read_text(encoding="utf-8"))

"""What do null audits stand on? A recorded run, copies of a marked release, and small models that saw this or that.

Everything is written to one folder, once: what is redrawn afterwards is the order, the key or the split, never a model.
Prose comes book by book (a *book* is a stretch of neighbouring documents). Half of the books are the run's; of the
others' documents some are marked and some are other prose of the same books.
"""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from cli.demo import prose
from cli.demo.run import ENVIRONMENT
from provenance import corpora, storage
from provenance.records import Record, Tokenizer, Window, generator
from watermark import embedding, keys, ledger
from watermark.marking import Embedding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from provenance.transcripts.tables import Transcript

WORKERS = 2
CHARACTERS = 600_000
BOOK = 8
"""Neighbouring documents that make a book."""
MARKED = 0.4
"""Share of the documents of the other books that are marked."""
VOCABULARY, LENGTH, SHORTEST = 1_024, 64, 24
"""Tokens: of the tokenizer, of a row of the run, and of the shortest row that is kept."""
WINDOW = Window(start=8, length=LENGTH - 8)
RECIPIENTS = ("acme", "bell")
BATCH, RATE, WARMUP = 8, 3e-3, 10
BASE, PHASE, RERUNS = 256, 128, 19
"""Rows before the last phase and in it, and how often it is run again in other orders."""
NARROW = 3
"""The narrow model sees one in so many books: the first ones, which are of one kind."""
MODELS = {
    "ours": "the run's rows, in the recorded order",
    "sibling": "the run's rows, in another order",
    "stranger": "the other prose, of no book of the run",
    "narrow": "the other prose of the first third of the books, half as wide and one layer deep",
    "originals": "half of the other prose and, twice, the originals of the marked documents",
    "bell": "half of the other prose and, twice, the copy that was marked for bell",
}


def lay_out(folder: Path, audits: Collection[str], *, characters: int, seed: int) -> None:
    """Make everything that audits need, unless the folder has it from a run with the same settings."""
    settings, laid = {"characters": characters, "seed": seed}, folder / "laid.json"
    if laid.exists() and read(laid) != settings:
        raise SystemExit(f"{folder} holds a workshop with other settings: {read(laid)}")
    if not laid.exists():
        _make_all(folder, characters=characters, seed=seed)
        storage.write_json(laid, settings)
    if "reshuffle" in audits:
        run_again(folder, seed=seed)


def _make_all(folder: Path, *, characters: int, seed: int) -> None:
    print("gathering and marking prose, training models", file=sys.stderr)
    _write_prose(folder, characters=characters, seed=seed)
    for recipient in RECIPIENTS:
        _mark(folder, recipient, seed=seed)
    os.environ.update(ENVIRONMENT)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        for future in [pool.submit(make, folder, name, seed=seed) for name in MODELS]:
            future.result()


def run_again(folder: Path, *, seed: int) -> None:
    """Run a last phase again in `RERUNS` other orders and its own, and ask every re-run about texts and the phase."""
    from provenance import reruns, scoring, training
    from provenance.transcripts import tables

    if scores(folder, "phase", f"rerun-{RERUNS}").exists():
        return
    print("running a phase again", file=sys.stderr)
    transcript = tables.read(folder / "run.parquet")
    rows, order = _whole(transcript)[: BASE + PHASE], BASE + generator(seed, "phase").permutation(PHASE)
    shape = training.Shape(layers=2, width=64, heads=2, vocabulary=VOCABULARY, context=2 * LENGTH)
    training.train(
        training.new_model(shape, seed=seed),
        rows,
        order=np.arange(BASE),
        schedule=training.Schedule(batch=BATCH, learning_rate=RATE, warmup=WARMUP),
        checkpoints={BASE // BATCH: folder / "checkpoint"},
    )
    made = reruns.rerun_phase(
        folder / "checkpoint",
        reruns.phase_of_order(rows, order, tokenizer=transcript.tokenizer),
        recipe=reruns.Recipe(batch=BATCH, scheduler="constant"),
        times=RERUNS,
        seed=seed,
        out=folder / "reruns",
    )
    tokens = [Record(id=str(row), tokens=tuple(rows[row].tolist())) for row in order.tolist()]
    for number, place in enumerate((made.original, *made.reshuffled)):
        name, suspect = f"rerun-{number}", f"hf:{place}"
        scoring.score(originals(folder), suspect=suspect, out=scores(folder, "texts", name))
        where = scores(folder, "phase", name)
        scoring.score(tokens, suspect=suspect, tokenizer=transcript.tokenizer, out=where)


def make(folder: Path, name: str, *, seed: int) -> None:
    """Train one model and ask it about the run's rows, every variant of a copy, and the originals."""
    from provenance import tokenizers, training

    tokenizer = tokenizers.load(str(folder / "tokenizer"))
    sequences, order = _lessons(folder, name, tokenizer, seed=seed)
    layers, width = (1, 32) if name == "narrow" else (2, 64)
    shape = training.Shape(layers=layers, width=width, heads=2, vocabulary=VOCABULARY, context=2 * LENGTH)
    model = training.new_model(shape, seed=int(generator(seed, "model", name).integers(1 << 31)))
    training.train(model, sequences, order=order, schedule=training.Schedule(learning_rate=RATE, warmup=WARMUP))
    training.save(model, folder / "models" / name, tokenizer=tokenizer)
    ask(folder, name, suspect=f"hf:{folder / 'models' / name}")


def ask(folder: Path, name: str, *, suspect: str) -> None:
    """Score everything by one suspect."""
    from provenance import scoring
    from provenance.transcripts import tables

    transcript = tables.read(folder / "run.parquet")
    scoring.score(
        tables.records(transcript),
        suspect=suspect,
        window=WINDOW,
        tokenizer=transcript.tokenizer,
        out=scores(folder, "run", name),
    )
    copy = ledger.records(ledger.read(folder / "copies" / RECIPIENTS[0] / "ledger.parquet"))
    scoring.score(copy, suspect=suspect, out=scores(folder, "copy", name))
    scoring.score(originals(folder), suspect=suspect, out=scores(folder, "texts", name))


def scores(folder: Path, what: str, name: str) -> Path:
    """Say where scores stand: of the ``run``, of every variant of a ``copy``, of the original ``texts``."""
    return folder / "scores" / f"{what}-{name}.parquet"


def read(path: Path) -> Any:
    """Read a file of the folder."""
    return json.loads(path.read_text(encoding="utf-8"))


def _write_prose(folder: Path, *, characters: int, seed: int) -> None:
    """Split prose by books, cut the run's into rows, and record an order."""
    from provenance import training

    texts = prose.gather(None, characters=characters)
    documents = [{"id": f"d{at:04d}", "text": text, "book": at // BOOK} for at, text in enumerate(texts)]
    rng = generator(seed, "split")
    books = len(texts) // BOOK + 1
    ours = set(rng.permutation(books)[: books // 2].tolist())
    other = [one for one in documents if one["book"] not in ours]
    marked = set(rng.permutation(len(other))[: round(MARKED * len(other))].tolist())
    (folder / "scores").mkdir(parents=True, exist_ok=True)
    storage.write_json(folder / "marked.json", [one for at, one in enumerate(other) if at in marked])
    storage.write_json(folder / "others.json", [one for at, one in enumerate(other) if at not in marked])
    tokenizer = training.train_tokenizer(texts, vocabulary=VOCABULARY, out=folder / "tokenizer")
    run = [one for one in documents if one["book"] in ours]
    write_run(folder, list(_rows(run, tokenizer)), tokenizer, seed=seed)


def write_run(folder: Path, rows: Sequence[Mapping[str, Any]], tokenizer: Any, *, seed: int) -> None:
    """Write the transcript of a run that sees every row once, and what the rows are pieces of."""
    from provenance import tokenizers
    from provenance.transcripts import tables

    order = generator(seed, "order", "ours").permutation(len(rows))
    positions = np.argsort(order)
    tables.write(
        folder / "run.parquet",
        [
            {"id": row["id"], "tokens": row["tokens"], "positions": [position]}
            for row, position in zip(rows, positions.tolist(), strict=True)
        ],
        tokenizer=Tokenizer(name=str(folder / "tokenizer"), sha256=tokenizers.tokenizer_digest(tokenizer)),
        run_length=len(rows),
        position_unit="example",
        shuffle={"kind": "full", "seed": seed},
        inputs={},
    )
    storage.write_json(folder / "pieces.json", {row["id"]: [row["document"], row["book"]] for row in rows})


def _rows(documents: Sequence[Mapping[str, Any]], tokenizer: Any) -> Iterator[dict[str, Any]]:
    """Cut documents into rows; a short rest stays a row of its own, a very short one is left out."""
    for one in documents:
        ids = tokenizer(one["text"])["input_ids"]
        for piece, first in enumerate(range(0, len(ids) - SHORTEST + 1, LENGTH)):
            row = {"id": f"{one['id']}-{piece}", "tokens": ids[first : first + LENGTH]}
            yield {**row, "document": one["id"], "book": one["book"]}


def _mark(folder: Path, recipient: str, *, seed: int) -> None:
    """Mark the originals for one recipient, with a key that follows the seed, so that the run can be repeated."""
    lines = [storage.dump_json({"id": one["id"], "text": one["text"]}, indent=None) for one in marked(folder)]
    corpus = folder / "marked.jsonl"
    corpus.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    place = folder / "nulls.key"
    key = keys.load(place) if place.exists() else keys.keep(generator(seed, "key").bytes(keys.BYTES), place)
    how = Embedding(release="nulls", recipient=recipient)
    embedding.release(corpus, key=key, out=folder / "copies" / recipient, embedding=how)


def marked(folder: Path) -> list[dict[str, Any]]:
    """Give the documents that were marked, before marking."""
    found: list[dict[str, Any]] = read(folder / "marked.json")
    return found


def originals(folder: Path) -> list[Record]:
    """Lay the documents that were marked before a suspect, as they were."""
    return [Record(id=one["id"], text=one["text"]) for one in marked(folder)]


def published(folder: Path, recipient: str) -> dict[str, str]:
    """Give the texts of a recipient's copy by id."""
    place = folder / "copies" / recipient / embedding.RELEASE_FOLDER
    return {entry.document.id: entry.document.text for entry in corpora.read(corpora.open(place))}


def _lessons(folder: Path, name: str, tokenizer: Any, *, seed: int) -> tuple[Any, Any]:
    """Give what a model is trained on and in which order."""
    from provenance import training
    from provenance.transcripts import tables

    rng = generator(seed, "order", name)
    if name in ("ours", "sibling"):
        transcript = tables.read(folder / "run.parquet")
        own = np.argsort(np.concatenate(transcript.positions))
        return _whole(transcript), own if name == "ours" else rng.permutation(len(own))
    others = [one["text"] for one in read(folder / "others.json")]
    half, third = others[::2], others[: len(others) // NARROW]
    texts = {
        "stranger": others,
        "narrow": third,
        "originals": [*half, *([one["text"] for one in marked(folder)] * 2)],
        "bell": [*half, *(list(published(folder, "bell").values()) * 2)],
    }[name]
    sequences = training.pack(texts, tokenizer, length=LENGTH)
    return sequences, rng.permutation(len(sequences))


def _whole(transcript: Transcript) -> NDArray[np.int32]:
    """Give the run's rows as a model is trained on them, all of one length; a short one comes round again."""
    return np.array([(list(ids or ()) * LENGTH)[:LENGTH] for ids in transcript.tokens], dtype=np.int32)

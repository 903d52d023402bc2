"""Does the whole loop work on this machine: watermark, train, record, score, audit, report?"""

from __future__ import annotations

import functools
import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from cli import reading, summary, terminal
from cli.demo import models, prose
from cli.demo.models import Question, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from provenance.evidence import Evidence

RUN_SEQUENCES, LATER_SEQUENCES, OTHER_SEQUENCES = 3_000, 1_500, 600
RELEASE_EPOCHS = 2
"""How often a model that ate the release saw it."""
RELEASE_DOCUMENTS = 600
CHARACTERS = 2_000_000
WORKERS = 2
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # glibc hands every large buffer back to the kernel and asks for it again: a third of the time of scoring.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
}
"""Set before worker processes start."""

QUESTIONS = {
    "order": "Does it derive from our run?",
    "watermark": "Was it trained on our release?",
}
COLUMNS = {"suspect": 19, "verdict": 11, "p": 6, "tail": 10, "e-value": 7, "AUROC": 5}
TAILS = {"order": "asymptotic", "watermark": "bound"}
"""What the number beyond the floor of p is called."""

T = TypeVar("T")


@click.command()
@click.option("--out", type=reading.PATH, default=Path("demo-out"), show_default=True, help="Folder for everything.")
@click.option(
    "--seed", type=reading.SEED, default=0, show_default=True, help="Another seed makes other models and marks."
)
@click.option("--corpus", type=reading.PATH, help="Prose of your own.  [default: documentation on this machine]")
def command(out: Path, seed: int, corpus: Path | None) -> dict[str, Any]:
    """Run the main job from nothing: gather text, mark it, train six small models, audit four, write the report.

    Takes a few minutes on two cores and needs no network. Everything stays in OUT: the release, the ledger, the
    transcript, models, scores, evidence and report.html.

    \b
    Examples:
      provtool demo
      provtool demo --seed 1 --out demo-1
      provtool demo --corpus my-prose.jsonl
    """
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    _say("1/5", "gathering English prose" if corpus is None else f"reading {corpus}")
    documents = prose.gather(corpus, characters=CHARACTERS)
    np.random.default_rng([seed, 1]).shuffle(documents)
    _say("2/5", f"marking {RELEASE_DOCUMENTS} of {len(documents):,} documents, training a tokenizer")
    _mark(documents[:RELEASE_DOCUMENTS], out, seed=seed)
    _lay_out(documents, out)
    _say("3/5", "training six small models")
    _in_processes(models.train, _tasks(out, seed))
    _say("4/5", "asking the models how likely each token is")
    _in_processes(models.score, _questions(out))
    _say("5/5", "auditing")
    found = _audit(out, seed=seed)
    seconds = time.monotonic() - began
    _show(found, out, seconds=seconds)
    verdicts = {str(out / f"{name}.json"): one.verdict for name, one in found.items()}
    return {"out": str(out), "seconds": round(seconds), "report": str(out / "report.html"), "verdicts": verdicts}


def _say(step: str, what: str) -> None:
    terminal.say(Text.assemble((step, "bold"), f"  {what}"))


def _mark(documents: Sequence[str], out: Path, *, seed: int) -> None:
    """Write the corpus that will be released, make a key and mark it."""
    from provenance import storage
    from watermark import embedding, keys, marking

    with storage.atomic(out / "corpus.jsonl") as path:
        lines = [{"id": f"doc-{row:04d}", "text": text} for row, text in enumerate(documents)]
        path.write_text("".join(storage.dump_json(line, indent=None) + "\n" for line in lines), encoding="utf-8")
    (out / "release.key").unlink(missing_ok=True)
    # A real key is random (provtool key new); this one follows the seed, so that the demo can be repeated.
    key = keys.keep(hashlib.sha256(f"provtool demo {seed}".encode()).digest(), out / "release.key")
    how = marking.Embedding(release=f"demo-{seed}")
    embedding.release(out / "corpus.jsonl", key=key, out=out / "marked", embedding=how, force=True)


def _lay_out(documents: Sequence[str], out: Path) -> None:
    """Tokenise everything and save the sequences that each model will see."""
    from provenance import corpora, training

    others = documents[RELEASE_DOCUMENTS:]
    tokenizer = training.train_tokenizer(others[:2_000], vocabulary=models.VOCABULARY, out=out / "models" / "tokenizer")
    plain = training.pack(others, tokenizer, length=models.LENGTH)
    published = [entry.document.text for entry in corpora.read(corpora.open(out / "marked" / "release"))]
    ends = np.cumsum([RUN_SEQUENCES, LATER_SEQUENCES, OTHER_SEQUENCES])
    run, later, other = np.split(plain[: ends[-1]], ends[:-1])
    eaten = {"with-release": published, "with-original": documents[:RELEASE_DOCUMENTS]}
    sets = {"run": run, "later": later} | {
        name: np.concatenate([other, *[training.pack(texts, tokenizer, length=models.LENGTH)] * RELEASE_EPOCHS])
        for name, texts in eaten.items()
    }
    (out / "data").mkdir(exist_ok=True)
    for name, sequences in sets.items():
        np.save(out / "data" / f"{name}.npy", sequences)


def _tasks(out: Path, seed: int) -> list[tuple[Task, ...]]:
    """Six models; those of one tuple follow one another."""

    def task(name: str, data: str, number: int, **more: object) -> Task:
        return Task(name=name, folder=out, data=data, seed=100 * seed + number, **more)  # type: ignore[arg-type]

    return [
        (
            task("ours", "run", 1, transcript=out / "run.parquet"),
            task("descendant", "later", 4, start="ours", learning_rate=5e-4),
        ),
        (task("reference", "run", 2),),
        (task("independent", "run", 3),),
        (task("trained-on-release", "with-release", 5),),
        (task("trained-on-original", "with-original", 6),),
    ]


def _questions(out: Path) -> list[tuple[Question, ...]]:
    asked = {
        "ledger": ("reference", "trained-on-release", "trained-on-original"),
        "run": ("reference", "descendant", "independent"),
    }
    paths = {"ledger": out / "marked" / "ledger.parquet", "run": out / "run.parquet"}
    return [
        (Question(name=f"{kind}.{model}", folder=out, records=paths[kind], model=model),)
        for kind, names in asked.items()
        for model in names
    ]


def _in_processes(work: Callable[[T], str], chains: Sequence[Sequence[T]]) -> None:
    """Do chains of tasks side by side, one thread a process; within a chain one after the other."""
    from provenance import processes

    os.environ.update(ENVIRONMENT)
    done, total = 0, sum(map(len, chains))
    with (
        processes.in_order(functools.partial(_each, work), chains, workers=WORKERS) as finished,
        terminal.progress("models", unit="models") as report,
    ):
        report(0, total)
        for names in finished:
            done += len(names)
            report(done, total)


def _each(work: Callable[[T], str], chain: Sequence[T]) -> list[str]:
    return [work(task) for task in chain]


def _audit(out: Path, *, seed: int) -> dict[str, Evidence]:
    """Audit two suspects against the order and two against the release; write evidence and report."""
    from provenance import evidence, report, scoring
    from provenance.audits import order
    from provenance.transcripts import tables
    from watermark import detection, keys, ledger

    scores = {path.stem: scoring.read(path) for path in (out / "scores").glob("*.parquet")}
    transcript, book = tables.read(out / "run.parquet"), ledger.read(out / "marked" / "ledger.parquet")
    key = keys.load(out / "release.key")
    found = {
        f"order.{name}": order.audit(transcript, scores[f"run.{name}"], references=[scores["run.reference"]], seed=seed)
        for name in ("descendant", "independent")
    } | {
        f"watermark.{name}": detection.audit(
            book, scores[f"ledger.{name}"], references=[scores["ledger.reference"]], key=key, seed=seed
        )
        for name in ("trained-on-release", "trained-on-original")
    }
    for name, item in found.items():
        evidence.write(out / f"{name}.json", item)
    files = [out / f"{name}.json" for name in found]
    page = report.render(list(found.values()), sources=[report.source(path) for path in files])
    report.write(out / "report.html", page)
    return found


def _show(found: dict[str, Evidence], out: Path, *, seconds: float) -> None:
    for audit, question in QUESTIONS.items():
        table = Table(title=question, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        for heading, width in COLUMNS.items():
            table.add_column(TAILS[audit] if heading == "tail" else heading, no_wrap=True, min_width=width)
        for name, item in found.items():
            if item.audit == audit:
                table.add_row(*_cells(name.partition(".")[2], item))
        terminal.show(table)
    terminal.say(f"{seconds:.0f} s; report: {out / 'report.html'}")


def _cells(suspect: str, item: Evidence) -> tuple[str, ...]:
    beyond = item.bound or item.asymptotic
    return (
        suspect,
        f"[{summary.COLOURS[item.verdict]}]{item.verdict}[/]",
        f"{item.pvalue:.2g}",
        f"{'≤' if item.bound else '≈'} {summary.log10(beyond.log10_pvalue)}" if beyond else "",
        summary.log10(item.evalue.log10) if item.evalue else "",
        f"{item.auroc.value:.3f}" if item.auroc else "",
    )

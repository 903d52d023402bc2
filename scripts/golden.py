"""What does every kind of file that provtool writes look like today, so that it can still be read for ever?

One file of each kind and schema, made by the commands themselves from texts that stand below. It was run once: what
lies in ``fixtures/golden`` is never made again, and a new kind or schema is added beside it. Run again, it gives the
same numbers; the time-stamp authority's certificates, the machine's description and the versions of libraries differ.

    python scripts/golden.py OUT
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTHORITY = Path(__file__).parents[1] / "tests" / "authority.py"
VERSION = "0.1.0+golden"
"""A version of its own: what another version wrote is read, but its pages are not laid out again to the letter."""
MADE = dt.datetime(2026, 3, 4, 5, 0, tzinfo=dt.UTC)
STORY = (
    "The harbour master decided to purchase a large boat, because many visitors wanted a quiet tour of the coast.",
    "She quickly explained the plan to the council, and the work usually began before the first snow of the winter.",
    "An old pilot helped the crew to repair the main engine and to select a safe route between the small islands.",
    "Nobody had finished the difficult map yet; various people thought that the additional cost was too big.",
)
WORDS = ("house", "river", "stone", "quiet", "morning", "letter", "garden", "winter", "window", "yellow", "bridge")
DOCUMENTS, EXAMPLES, TEXTS, RERUNS = 16, 48, 48, 4
LEFT = ("work", "reruns-made", "model", "report.html", "few.jsonl")
"""What is not kept."""
TWICE = ("order.scores.parquet", "order.reference-1.scores.parquet", "watermark.scores.parquet")
"""What lies in a bundle too."""


def main() -> None:
    """Make every artifact in a new folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="a folder that is not there yet")
    out = parser.parse_args().out.absolute()
    with tempfile.TemporaryDirectory() as work, _as_of_then(Path(work)):
        os.chdir(work)
        for step in (
            _transcripts,
            _release,
            _order,
            _watermark,
            _texts,
            _reshuffle,
            _plan,
            _report,
            _sign,
            _unfinished,
        ):
            step()
        _keep(Path(work), out)
    print(f"{out}: {sum(path.stat().st_size for path in out.rglob('*') if path.is_file()):,} bytes")


@contextlib.contextmanager
def _as_of_then(work: Path) -> Iterator[None]:
    """Give tool, salts, dates and this process names that do not depend on when and where this runs."""
    named = work / "work" / f"provtool-{VERSION}.dist-info"
    named.mkdir(parents=True)
    (named / "METADATA").write_text(f"Metadata-Version: 2.1\nName: provtool\nVersion: {VERSION}\n")
    sys.path.insert(0, str(named.parent))
    os.environ |= {"NO_PROXY": "127.0.0.1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    commitments, shards = (importlib.import_module(f"provenance.{name}") for name in ("commitments", "shards"))
    salts = SimpleNamespace(token_bytes=lambda size: hashlib.sha256(b"golden").digest()[:size])
    clock = SimpleNamespace(now=lambda _zone: MADE)
    with (
        mock.patch.object(commitments, "secrets", salts),
        mock.patch.object(commitments, "datetime", clock),
        mock.patch.object(shards.socket, "gethostname", return_value="golden"),
        mock.patch.object(shards.os, "getpid", return_value=1),
    ):
        yield


def _provtool(*arguments: object, code: int = 0) -> None:
    """Run a command in this process."""
    from cli import main as command

    ended = 0
    try:
        command.main([str(argument) for argument in arguments])
    except SystemExit as stop:
        ended = int(stop.code or 0)
    if ended != code:
        raise RuntimeError(f"{arguments}: exit code {ended}")


def _write(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _random(seed: int) -> Any:
    import numpy as np

    return np.random.default_rng(seed)


def _transcripts() -> None:
    """Import one run and record another; count n-grams; commit, and have the commitment stamped."""
    from provenance.transcripts import record

    order = _random(0).permutation(EXAMPLES).tolist()
    texts = [f"{row} {STORY[row % 4]} {' '.join(_random(row).choice(WORDS, size=6))}" for row in range(EXAMPLES)]
    rows = [{"id": f"e{row}", "position": order[row], "text": texts[row]} for row in range(EXAMPLES)]
    _write("seen.jsonl", rows)
    _provtool("transcript", "import", "seen.jsonl", "--shuffle", "full", "--out", "transcript.parquet")
    _provtool("ngram", "transcript.parquet", "--order", 2, "--out", "ngram.parquet")
    _stamp("transcript.parquet")
    run = record.Run("recorded.parquet", ids=[row["id"] for row in rows], seed=0)
    for _ in range(0, len(run.draw(0)), 8):
        run.step(rows=8)
    run.finish(texts=texts)


def _stamp(name: str) -> None:
    """Commit to a file and have a toy authority on this machine stamp the commitment."""
    found = importlib.util.spec_from_file_location("authority", AUTHORITY)
    if found is None or found.loader is None:
        raise FileNotFoundError(AUTHORITY)
    stamping = importlib.util.module_from_spec(found)
    found.loader.exec_module(stamping)
    authority = stamping.Authority("Toy Stamps")
    Path("toy-roots.pem").write_bytes(authority.root.pem)
    with stamping.serving(authority.respond) as (url, _):
        _provtool("commit", name, "--timestamp", url, "--timestamp-roots", "toy-roots.pem")


def _release() -> None:
    """Mark a small corpus with a toy key, and commit to its ledger."""
    from watermark import keys

    rows = [
        {"id": f"d{row}", "text": f"{STORY[row % 4]} Boat {row} was ready. {STORY[row // 4 % 4]}"}
        for row in range(DOCUMENTS)
    ]
    _write("corpus.jsonl", rows)
    keys.keep(hashlib.sha256(b"golden toy key").digest(), "toy.key")
    _provtool("watermark", "corpus.jsonl", "--key", "toy.key", "--encoder", "none", "--out", "marked")
    Path("marked/fidelity.html").unlink()
    _provtool("commit", "marked/ledger.parquet")


def _order() -> None:
    """Audit an order that the suspect's numbers follow, with a reference; leave a bundle, whole and redacted."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [json.loads(line) for line in Path("seen.jsonl").read_text(encoding="utf-8").splitlines()]
    noise = _random(1).normal(size=len(rows))
    told = [-20 + 0.1 * row["position"] + float(chance) for row, chance in zip(rows, noise, strict=True)]
    pq.write_table(pa.table({"id": [row["id"] for row in rows], "told": told}), "work/told.parquet")
    how = ("--suspect", "column:work/told.parquet:told", "--reference", "ngram:ngram.parquet", "--window", "4:8")
    known = ("--timestamp-roots", "toy-roots.pem", "--resamples", 999, "--alpha", 0.01)
    order = ("audit", "order", "transcript.parquet", *how, *known)
    labels = ("--suspect", "ngram:ngram.parquet", "--label", "derived", "--label", "independent")
    _provtool("audit", "order", "transcript.parquet", *how[:2], *labels, *how[4:], *known, "--out", "work/both.json")
    Path("work/both.labels.json").rename("labels.json")
    _provtool(*order, "--out", "order.json", "--bundle", "bundle-order")
    _provtool(*order, "--out", "work/order.json", "--bundle", "bundle-order-redacted", "--redact")


def _watermark() -> None:
    """Audit a suspect that read the release; leave a bundle, whole and redacted."""
    _provtool("ngram", "marked/release/corpus.jsonl", "--order", 4, "--out", "work/other.parquet")
    how = ("--suspect", "ngram:work/other.parquet", "--resamples", 999, "--alpha", 0.01)
    watermark = ("audit", "watermark", "marked/ledger.parquet", *how)
    _provtool(*watermark, "--out", "watermark.json", "--bundle", "bundle-watermark")
    _provtool(*watermark, "--out", "work/watermark.json", "--bundle", "bundle-watermark-redacted", "--redact")


def _texts() -> None:
    """Audit members against nonmembers, and texts that quote the run and the release; have a model write some."""
    from provenance import training
    from provenance.audits import membership

    rows = [{"id": f"t{row}", "text": " ".join(_random(row).choice(WORDS, size=12))} for row in range(TEXTS)]
    into = membership.split([row["id"] for row in rows], seed=7)
    for name, side in (("members", True), ("nonmembers", False)):
        _write(f"{name}.jsonl", [row for row, member in zip(rows, into, strict=True) if member == side])
    _provtool("ngram", "members.jsonl", "--order", 3, "--out", "work/members.parquet")
    how = ("--suspect", "ngram:work/members.parquet", "--split-seed", 7, "--resamples", 999, "--alpha", 0.01)
    _provtool("audit", "membership", "members.jsonl", "nonmembers.jsonl", *how, "--out", "membership.json")
    seen = sorted(map(json.loads, Path("seen.jsonl").read_text().splitlines()), key=lambda row: row["position"])
    Path("quotes.txt").write_text("\n\n".join(row["text"] for row in seen[-12:]) + "\n", encoding="utf-8")
    marked = [json.loads(line)["text"] for line in Path("marked/release/corpus.jsonl").read_text().splitlines()]
    Path("leak.txt").write_text("\n\n".join(marked[:12]) + "\n", encoding="utf-8")
    few = ("--resamples", 999, "--alpha", 0.01)
    _provtool("audit", "overlap", "transcript.parquet", "quotes.txt", *few, "--out", "overlap.json")
    _provtool("audit", "trace", "marked/ledger.parquet", "leak.txt", *few, "--out", "trace.json")
    training.train_tokenizer(STORY, vocabulary=300, out=Path("model"))
    training.new_model(_shape(training), seed=0).save_pretrained("model")
    _provtool("sample", "--suspect", "hf:model", "--tokens", 32, "--length", 4, "--out", "sample.jsonl")


def _shape(training: Any) -> Any:
    return training.Shape(layers=1, width=16, heads=2, vocabulary=300, context=64)


def _reshuffle() -> None:
    """Run the last phase of a tiny run again, and audit a text by the re-runs."""
    import transformers

    from provenance import reruns, tokenizers, training, transcripts
    from provenance.reruns import manifests
    from provenance.transcripts import record

    transformers.set_seed(0)  # a checkpoint keeps the state of all generators
    tokenizer = tokenizers.load("model")
    rows = _random(0).integers(300, size=(24, 8), dtype="int32")
    run = record.Run("tokens.parquet", ids=[f"r{row}" for row in range(len(rows))], seed=0)
    training.train(
        training.new_model(_shape(training), seed=0),
        rows,
        order=run.draw(0),
        schedule=training.Schedule(batch=3, learning_rate=1e-2, warmup=1),
        after_step=lambda count: run.step(rows=count),
        checkpoints={2: Path("work/checkpoint")},
    )
    run.finish(tokens=rows.tolist(), tokenizer=tokenizers.identify(tokenizer, "model"))
    recipe = reruns.Recipe(batch=3, scheduler="constant")
    phase = reruns.phase_of_transcript(transcripts.read("tokens.parquet"), step=2, rows_per_step=recipe.rows)
    made = reruns.rerun_phase("work/checkpoint", phase, recipe=recipe, times=RERUNS, seed=0, out="reruns-made")
    manifests.copy(made, Path("reruns"))
    Path("story.txt").write_text(f"{STORY[0]}\n", encoding="utf-8")
    for one in Path("reruns-made").glob("*/"):
        tokenizer.save_pretrained(one)
    how = ("--reruns", "reruns-made", "--transcript", "tokens.parquet", "--alpha", 0.2)
    _provtool("audit", "reshuffle", "story.txt", *how, "--out", "reshuffle.json")


def _plan() -> None:
    """Plan an audit of the release before it is asked."""
    how = ("--effect", 0.9, "--power", 0.5, "--alpha", 0.01)
    _provtool("plan", "watermark", "marked/ledger.parquet", *how, "--out", "plan-watermark.json")


def _report() -> None:
    """Lay all evidence out as one page, and say as JSON what verifying a bundle finds."""
    found = [f"{name}.json" for name in ("order", "watermark", "membership", "overlap", "reshuffle", "trace")]
    _provtool("report", *found, "--out", "report.html", "--alpha", 0.05)
    with Path("verification.json").open("w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):
        _provtool("verify", "bundle-order", "--timestamp-roots", "toy-roots.pem", "--json")


def _sign() -> None:
    """Sign evidence and a bundle with a toy key, whose public half is kept."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"golden toy signer").digest())
    pem, public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    Path("work/signing.pem").write_bytes(private)
    Path("toy-signer.pem").write_bytes(key.public_key().public_bytes(pem, public))
    for path in ("order.json", "bundle-watermark"):
        _provtool("sign", path, "--key", "work/signing.pem")


def _unfinished() -> None:
    """Leave what a marking and a scoring leave when they are interrupted after all is done but the last step."""
    from provenance import resuming
    from watermark import embedding, keys

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    few = [json.loads(line) for line in Path("corpus.jsonl").read_text().splitlines()[:2]]
    _write("few.jsonl", few)
    with contextlib.suppress(KeyboardInterrupt):
        embedding.release("few.jsonl", key=keys.load("toy.key"), out="begun", progress=interrupt)
    Path(".begun.unfinished").rename("begun.unfinished")
    with mock.patch.object(resuming, "merge", interrupt):
        _provtool("score", "few.jsonl", "--suspect", "ngram:ngram.parquet", "--out", "begun.parquet", code=130)


def _keep(work: Path, out: Path) -> None:
    """Copy what is kept, and write down its digests."""
    for name in (*LEFT, *TWICE):
        (shutil.rmtree if Path(name).is_dir() else os.remove)(work / name)
    shutil.copytree(work, out)
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    lines = (f"{hashlib.sha256((out / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (out / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()

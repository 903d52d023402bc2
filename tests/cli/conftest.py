"""What the tests of commands share: a way to run one, small inputs, and a random model that takes a second to make."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cli import main, terminal

PROSE = (
    "The whole committee usually began its work early. They required additional help to finish the main task quickly.",
    "A large house stood beside the road; nobody had purchased it, because it was a difficult and important story.",
    "The author needed sufficient time to verify each answer, and he immediately chose to remove incorrect ones.",
    "Various modern methods help to obtain precise results. Small errors happen often, and are seldom important.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str
    raw: bytes


class _Stream(io.TextIOWrapper):
    """A standard stream over bytes in memory that survives being put away."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", write_through=True)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Give a function that runs ``provtool`` in this process, in an empty folder, 80 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(terminal.STDERR, "_width", 80)
    monkeypatch.delenv("PROVTOOL_KEY", raising=False)

    def call(*arguments: object, stdin: bytes = b"") -> Done:
        out, err = _Stream(), _Stream()
        monkeypatch.setattr(sys, "stdin", _Stream(stdin))
        code = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main.main([str(argument) for argument in arguments])
            except SystemExit as stop:
                code = int(stop.code or 0)
        raw, said = out.buffer.getvalue(), err.buffer.getvalue().decode()
        return Done(code=code, out=raw.decode(errors="replace"), err=said, raw=raw)

    return call


@pytest.fixture
def refused(run, tmp_path):
    """Give a function that checks the promise of every mistake: one line, its exit code, and nothing left behind."""

    def call(*arguments: object, stdin: bytes = b"", code: int = 1) -> str:
        before = listing(tmp_path)
        done = run(*arguments, stdin=stdin)
        assert done.code == code, done.err
        assert done.err.startswith("provtool: ")
        assert done.err.count("\n") == 1
        assert "Traceback" not in done.err
        assert done.out == ""
        assert listing(tmp_path) == before
        return done.err.removeprefix("provtool: ").removesuffix("\n")

    return call


def listing(folder: Path) -> dict[str, bytes | None]:
    """Give everything under a folder, hidden or not, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def jsonl(rows: list[dict[str, object]]) -> str:
    """Spell rows out as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def corpus(tmp_path):
    """Lay forty documents with many sites on the disk."""
    rows = [{"id": f"d{row}", "text": f"{PROSE[row % 4]} Number {row}. {PROSE[row // 4 % 4]}"} for row in range(40)]
    (tmp_path / "c.jsonl").write_text(jsonl(rows))
    return Path("c.jsonl")


@pytest.fixture
def marked(run, corpus):
    """Make a key and mark the corpus; gives the folder."""
    assert run("key", "new", "r.key").code == 0
    assert run("watermark", corpus, "--key", "r.key", "--encoder", "none", "--out", "m").code == 0
    return Path("m")


@pytest.fixture
def counts(run, corpus):
    """Count the corpus's n-grams: a suspect that is ready at once."""
    assert run("ngram", corpus, "--out", "n.parquet").code == 0
    return "ngram:n.parquet"


@pytest.fixture(scope="session")
def random_model(tmp_path_factory):
    """Make a GPT-NeoX model of random weights with a byte-level tokenizer; gives its folder."""
    from provenance import training

    folder = tmp_path_factory.mktemp("random-model")
    training.train_tokenizer(PROSE, vocabulary=300, out=folder)
    shape = training.Shape(layers=1, width=16, heads=2, vocabulary=300, context=128)
    training.new_model(shape, seed=0).save_pretrained(folder)
    return folder


@pytest.fixture
def transcript(run, tmp_path):
    """Import 60 examples of text in a random order."""
    order = np.random.default_rng(0).permutation(60).tolist()
    rows = [
        {"id": f"e{row}", "position": position, "text": f"{row} {PROSE[row % 4]} {row * 7919}"}
        for row, position in enumerate(order)
    ]
    (tmp_path / "seen.jsonl").write_text(jsonl(rows))
    assert run("transcript", "import", "seen.jsonl", "--out", "run.parquet").code == 0
    return Path("run.parquet")

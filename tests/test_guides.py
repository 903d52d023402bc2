"""The guides are true: their commands run in order, as written, and end as the guide says."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from cli import main
from provenance import training
from watermark import keys

GUIDES = Path(__file__).parents[1] / "docs" / "guides"
PLAIN = (
    "The harbour master decided to purchase a large boat because many visitors wanted a quiet tour of the coast. "
    "She quickly explained the plan to the council, and the work began before the first snow of the winter. "
    "An old pilot helped the crew to repair the engine and to select a safe route between the small islands. "
)
HANDED = (
    "transcript import run.jsonl --tokenizer ./our-model --shuffle full --out run.parquet",
    "ngram run.parquet --out counts.parquet",
    "audit order run.parquet --suspect ./their-model --reference ngram:counts.parquet --out first.json --bundle handed",
)
"""What the reader of a guide was handed, or has made before."""


def _corpus(path, texts):
    lines = [json.dumps({"id": f"{path.stem}-{row}", "text": text}) + "\n" for row, text in enumerate(texts)]
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An empty folder but for the files that the guides speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROVTOOL_KEY", raising=False)
    _corpus(tmp_path / "articles.jsonl", [PLAIN * (2 + row % 3) for row in range(12)])
    (tmp_path / "leaked.txt").write_text(PLAIN, encoding="utf-8")
    for first, name in enumerate(("theirs", "members", "nonmembers")):
        draws = map(np.random.default_rng, range(20 * first, 20 * first + 20))
        _corpus(tmp_path / f"{name}.jsonl", [" ".join(rng.permutation(PLAIN.split()).tolist()) for rng in draws])
    tokenizer = training.train_tokenizer([PLAIN] * 20, vocabulary=300, out=tmp_path / "our-model")
    for seed, name in enumerate(["our-model", "their-model", "independent-model", "candidate"]):
        shape = training.Shape(layers=1, width=16, heads=2, vocabulary=300, context=128)
        training.save(training.new_model(shape, seed=seed), tmp_path / name, tokenizer=tokenizer)
    rows = [
        {"id": str(row), "position": (11 * row) % 40, "tokens": [(7 * row + 3 * at) % 290 for at in range(64)]}
        for row in range(40)
    ]
    (tmp_path / "run.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def _blocks(guide, language):
    page = (GUIDES / f"{guide}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


def _ended(line):
    """Run a command in this process and give its exit code."""
    try:
        main.main(shlex.split(line))
    except SystemExit as stop:
        return stop.code
    return 0


def _follow(guide):
    """Run a guide's commands in order; gives the exit code of each."""
    lines = [line for block in _blocks(guide, "sh") for line in block.replace("\\\n", " ").splitlines()]
    assert all(line.startswith("provtool ") for line in lines)
    return {line: _ended(line.removeprefix("provtool ")) for line in lines}


def test_the_publisher_can_do_what_the_guide_says(desk):
    """From a preview to a trace: every command of the publisher's guide runs on one corpus, in its order."""
    ended = _follow("publisher")
    assert set(ended.values()) == {0}, ended
    assert (desk / "marked" / "ledger.parquet.opening.json").exists()
    assert json.loads((desk / "trace.json").read_text())["audit"] == "trace"


def test_the_trainer_can_do_what_the_guide_says(desk):
    """From the import of an order to several suspects: every command of the trainer's guide runs, in its order."""
    ended = _follow("trainer")
    assert set(ended.values()) == {0}, ended
    planned = json.loads((desk / "planned.json").read_text())
    assert planned["plan"]["as_planned"] is True
    assert (desk / "handed" / "bundle.json").exists()


def test_the_auditor_can_do_what_the_guide_says(desk):
    """With a bundle that was handed over: every command of the auditor's guide runs, and asking again agrees."""
    assert not any(map(_ended, HANDED))
    ended = _follow("auditor")
    assert set(ended.values()) == {0}, ended
    first, mine = (json.loads((desk / name).read_text()) for name in ("first.json", "mine.json"))
    assert mine["statistic"]["value"] == pytest.approx(first["statistic"]["value"])


def test_the_pipeline_can_do_what_the_guide_says(desk, monkeypatch):
    """Every command of the pipeline's guide runs, and a verdict that was named ends with 3 and no other does."""
    assert not any(map(_ended, HANDED))
    keys.new("release.key")
    monkeypatch.setenv("PROVTOOL_KEY", Path("release.key").read_text(encoding="ascii").strip())
    ended = _follow("pipeline")
    assert {code for line, code in ended.items() if "--fail-on no-evidence" not in line} == {0}, ended
    assert [code for line, code in ended.items() if "--fail-on no-evidence" in line] == [3]
    verdict = json.loads((desk / "order.json").read_text())["verdict"]
    assert verdict != "evidence"


def test_the_gate_in_python_lets_an_innocent_candidate_through(desk):
    """The pipeline guide's program runs as written, writes the report, and does not stop an unrelated model."""
    assert not any(map(_ended, HANDED[:1]))
    (program,) = _blocks("pipeline", "python")
    exec(compile(program, "pipeline.md", "exec"), {})  # noqa: S102
    assert "<h1" in (desk / "report.html").read_text(encoding="utf-8")

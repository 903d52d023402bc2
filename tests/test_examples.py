"""The examples do what they say, and so does every block of the docs on integration."""

import contextlib
import importlib.util
import json
import re
import shlex
from pathlib import Path

import datasets
import pytest
import yaml

import watermark
from cli import main
from provenance import corpora
from provenance.records import Record
from provenance.suspects import ngram
from watermark import keys
from watermark.marking import Embedding

ROOT = Path(__file__).parents[1]
SENTENCES = (
    "She bought a large house beside the road, and the work began early.",
    "The whole committee usually finished its main task quickly.",
    "The author needed sufficient time to verify each difficult answer.",
    "Nobody had purchased it, because the story was often hard to understand.",
)
DOCUMENTS = 60


def _texts():
    """Sixty documents, no two alike, with several sites each."""
    return [f"{SENTENCES[row % 4]} Note {row}. {SENTENCES[(row // 4) % 4]}" for row in range(DOCUMENTS)]


def _counted(path, texts):
    """Count the bytes of texts: a small model that has read them."""
    records = [Record(id=str(row), text=text) for row, text in enumerate(texts)]
    ngram.count(records, out=path, tokenizer=None, order=12, inputs={})


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a marked evaluation set, a model that has read it, one that has not, and a reference."""
    folder = tmp_path_factory.mktemp("examples")
    texts = _texts()
    rows = [json.dumps({"id": f"d{row}", "text": text}) + "\n" for row, text in enumerate(texts)]
    (folder / "articles.jsonl").write_text("".join(rows))
    key = keys.keep(bytes(range(32)), folder / "release.key")
    how = Embedding(release="evaluation")
    made = watermark.release(folder / "articles.jsonl", key=key, out=folder / "evaluation", embedding=how)
    marked = [entry.document.text for entry in corpora.read(corpora.open(made.folder))]
    _counted(folder / "contaminated.parquet", marked)
    _counted(folder / "clean.parquet", [*texts, *(text.upper() for text in texts)])
    _counted(folder / "evaluation" / "counts.parquet", texts)
    return folder


@pytest.fixture
def pipeline():
    """Give the module ``examples/pipeline.py``, which stands in no package."""
    spec = importlib.util.spec_from_file_location("pipeline", ROOT / "examples" / "pipeline.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "code", "verdict"), [("contaminated", 3, "evidence"), ("clean", 0, "no-evidence")])
def test_the_gate_stops_what_has_read_the_release(desk, pipeline, capsys, name, code, verdict):
    """A model of the marked texts is stopped, one of the same texts unmarked goes through; the evidence is kept."""
    out = desk / f"{name}.json"
    given = [str(desk / "evaluation" / "ledger.parquet"), "--key", str(desk / "release.key"), "--out", str(out)]
    assert pipeline.main([*given, "--suspect", f"ngram:{desk / name}.parquet"]) == code
    assert json.loads(out.read_text())["verdict"] == verdict
    assert capsys.readouterr().out.startswith(f"{verdict}: p = ")


def test_the_gate_stays_shut_when_it_cannot_ask(desk, pipeline, capsys, tmp_path):
    """A suspect that is not there is no checkpoint that may pass."""
    given = [str(desk / "evaluation" / "ledger.parquet"), "--key", str(desk / "release.key")]
    assert pipeline.main([*given, "--out", str(tmp_path / "e.json"), "--suspect", "ngram:nowhere.parquet"]) != 0
    assert "nowhere.parquet" in capsys.readouterr().err
    assert not (tmp_path / "e.json").exists()


def _steps():
    """Give the steps of the workflow, as GitHub reads them."""
    flow = yaml.safe_load((ROOT / "examples" / "github-actions.yml").read_text())
    return flow["jobs"]["audit"]["steps"]


@pytest.mark.parametrize(("name", "code"), [("contaminated", 3), ("clean", 0)])
def test_the_workflow_stops_what_has_read_the_release(desk, monkeypatch, name, code):
    """Its own provtool lines, run as written: only the audit fails, and the report is made all the same."""
    for left in [*desk.glob("evidence.*"), *desk.glob("report.*")]:
        left.unlink()
    monkeypatch.setenv("PROVTOOL_KEY", (desk / "release.key").read_text())
    lines = [step["run"] for step in _steps() if step.get("run", "").startswith("provtool")]
    ended = {}
    for line in lines:
        words = shlex.split(line.replace("$CHECKPOINT", f"ngram:{name}.parquet"))
        with contextlib.chdir(desk):
            ended[words[1]] = _ended(words[1:])
    assert ended == {"verify": 0, "audit": code, "report": 0}
    assert (desk / "report.html").is_file()


def test_the_workflow_reports_what_it_stopped():
    """The steps behind the audit run whatever it found, and nothing is told to go on after a failure."""
    steps = _steps()
    at = next(row for row, step in enumerate(steps) if "--fail-on evidence" in step.get("run", ""))
    assert steps[at + 1 :]
    assert all(step["if"].startswith("always()") for step in steps[at + 1 :])
    assert not any(step.get("continue-on-error") for step in steps)


def _ended(arguments):
    """Run a command in this process and give its exit code."""
    try:
        main.main(arguments)
    except SystemExit as stop:
        return stop.code
    return 0


def _blocks(languages):
    """Give language and content of each block of the docs that is in one of these."""
    page = (ROOT / "docs" / "integration.md").read_text(encoding="utf-8")
    return re.findall(rf"^```({languages})\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


# What the docs call loads pandas and a parser of RDF that deprecate names of their own.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
def test_the_docs_run(tmp_path, monkeypatch):
    """Every block of Python and every command, in the order in which they stand there."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    keys.keep(bytes(range(32)), tmp_path / "release.key")
    rows = [json.dumps({"id": f"d{row}", "text": text}) + "\n" for row, text in enumerate(_texts()[:20])]
    (tmp_path / "articles.jsonl").write_text("".join(rows))
    known: dict[str, object] = {}
    with contextlib.chdir(tmp_path):
        for language, block in _blocks("python|sh"):
            if language == "python":
                exec(compile(block, "docs/integration.md", "exec"), known)  # noqa: S102 (our own docs)
            else:
                for line in block.splitlines():
                    assert _ended(shlex.split(line)[1:]) == 0, line
    restored = [entry.document.text for entry in corpora.read(corpora.open(tmp_path / "restored"))]
    published = [entry.document.text for entry in corpora.read(corpora.open(tmp_path / "described" / "release"))]
    assert restored == _texts()[:20]
    assert known["texts"] == published != restored


def test_the_block_for_spark_is_python():
    """It was not run, but it compiles, and the names that it takes from us are there."""
    ((_, block),) = _blocks("py")
    compile(block, "docs/integration.md", "exec")
    assert all(hasattr(watermark, name) for name in set(re.findall(r"\bwatermark\.(\w+)", block)))


def test_the_docs_show_the_workflows_own_command():
    """The command on the page is the one in the workflow."""
    ((_, block),) = _blocks("text")
    audit = next(step["run"] for step in _steps() if "--fail-on" in step.get("run", ""))
    assert shlex.split(block.replace("\\\n", " ")) == shlex.split(audit)


def test_the_docs_name_the_whole_library():
    """No function of the library is left out of the table."""
    page = (ROOT / "docs" / "integration.md").read_text(encoding="utf-8")
    for name in ("release", "undo", "mark", "marker", "mark_frames", "collect", "certify", "audit"):
        assert f"`watermark.{name}`" in page
    for name in ("order", "membership", "overlap", "reshuffle"):
        assert f"`provenance.audits.{name}.audit`" in page

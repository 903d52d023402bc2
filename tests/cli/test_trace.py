"""``provtool audit trace``."""

import json
import shutil
from pathlib import Path

import pytest

from cli.audits import trace as cli_trace
from provenance import corpora, evidence
from watermark import embedding, keys, marking, trace

STORY = (
    "The harbour master decided to purchase a large boat because many visitors wanted a quiet tour of the coast.",
    "She quickly explained the plan to the council, and the work began before the first snow of the winter.",
    "An old pilot helped the crew to repair the engine and to select a safe route between the small islands.",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Mark one copy each for two recipients, once."""
    folder = tmp_path_factory.mktemp("copies")
    rows = [
        {"id": f"d{row}", "text": f"{STORY[row % 3]} Boat {row} was ready. {STORY[row // 3 % 3]}"} for row in range(30)
    ]
    (folder / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    key = keys.new(folder / "r.key")
    for name in ("acme", "bell"):
        how = marking.Embedding(recipient=name)
        embedding.release(folder / "c.jsonl", key=key, out=folder / name, embedding=how)
    return folder


@pytest.fixture
def copies(run, made, tmp_path):
    """Lay key and copies into the folder of this test."""
    del run
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return [Path(name) / "ledger.parquet" for name in ("acme", "bell")]


@pytest.fixture
def leak(copies, tmp_path):
    """Give a text file with fifteen documents of acme's copy."""
    del copies
    entries = list(corpora.read(corpora.open(tmp_path / "acme" / "release")))
    (tmp_path / "leak.txt").write_text("\n\n".join(entry.document.text for entry in entries[10:25]))
    return Path("leak.txt")


def test_the_copy_that_leaked_is_named(run, copies, leak, tmp_path):
    """Each ledger gets evidence beside it; only the leaked copy's says so, and stderr says where."""
    done = run("audit", "trace", *copies, leak, "--key", "r.key")
    assert done.code == 0
    assert done.out == ""
    found = [evidence.read(tmp_path / name / "ledger.trace.leak.json") for name in ("acme", "bell")]
    assert [one.verdict for one in found] == ["evidence", "no-evidence"]
    assert "coins agree" in done.err
    made = [f"{name}/ledger.trace.leak.json" for name in ("acme", "bell")]
    assert done.err.endswith(f"next: provtool report {' '.join(made)} --out report.html\n")
    reported = run("report", *made, "--out", "r.html")
    assert reported.code == 0
    assert "acme" in (tmp_path / "r.html").read_text()


def test_texts_come_in_any_format_or_a_pipe(run, copies, leak, tmp_path):
    """Plain text, JSON lines under any field, and both through standard input give the same coins."""
    content = leak.read_text()
    (tmp_path / "leak.jsonl").write_text(json.dumps({"name": "x", "body": content}) + "\n")
    fields = ["--text-field", "body", "--id-field", "name"]
    lines = (tmp_path / "leak.jsonl").read_bytes()
    found = [
        json.loads(run("audit", "trace", copies[0], *arguments, "--out", "-", stdin=given).out)
        for arguments, given in (
            ([leak], b""),
            (["-"], content.encode()),
            (["leak.jsonl", *fields], b""),
            (["-", *fields], lines),
        )
    ]
    assert len({one["n"] for one in found}) == 1
    assert {one["verdict"] for one in found} == {"evidence"}
    assert found[2]["found"][0]["text"] == "x"
    assert found[1]["suspect"]["suspect"] == "-"


def test_several_findings_are_numbered(run, copies, leak, tmp_path):
    """--out numbers files, --json is a line each, and a verdict can fail the command."""
    done = run("audit", "trace", *copies, leak, "--out", "e.json", "--json", "--fail-on", "evidence")
    assert done.code == 3
    assert [json.loads(line)["verdict"] for line in done.out.splitlines()] == ["evidence", "no-evidence"]
    assert (tmp_path / "e-1.json").exists()
    assert (tmp_path / "e-2.json").exists()


def test_a_text_without_a_mark_is_no_error(run, copies, tmp_path):
    """Nothing found is inconclusive, exit 0, and the gate that failed is said."""
    (tmp_path / "other.txt").write_text("A text about something else altogether.")
    done = run("audit", "trace", copies[0], "other.txt")
    assert done.code == 0
    assert "inconclusive" in done.err
    assert "no coin was found" in " ".join(done.err.split())


def test_the_default_is_the_librarys():
    """Help names the number of redraws that the library takes, without importing it."""
    assert cli_trace.RESAMPLES == trace.DEFAULT_RESAMPLES


def test_bad_input_is_one_line(run, copies, leak, refused, tmp_path):
    """No texts, empty texts, no ledger, another key, a copy twice, a ledger without a key: one line, exit 1."""
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "dots.txt").write_text("…")
    run("key", "new", "other.key")
    (tmp_path / "one.jsonl").write_text(json.dumps({"text": STORY[0]}) + "\n")
    run("watermark", "one.jsonl", "--strategy", "leximark", "--out", "lex")
    assert "no such file" in refused("audit", "trace", copies[0], "none.txt")
    assert "no documents in it" in refused("audit", "trace", copies[0], "empty.txt")
    assert "have no word" in refused("audit", "trace", copies[0], "dots.txt")
    assert "no documents in it" in refused("audit", "trace", copies[0], "-")
    assert "leak.txt" in refused("audit", "trace", leak, leak)
    assert "dealt by key" in refused("audit", "trace", copies[0], leak, "--key", "other.key")
    assert "the same ledger as" in refused("audit", "trace", copies[0], copies[0], leak)
    assert "no exact null" in refused("audit", "trace", "lex/ledger.parquet", leak)
    assert run("audit", "trace", leak).code == 2


def test_a_table_of_ours_is_no_text(marked, refused):
    """A ledger given as the text would be asked whether it carries itself: refused."""
    message = refused("audit", "trace", marked / "ledger.parquet", marked / "ledger.parquet", "--out", "e.json")
    assert message == "m/ledger.parquet: this is a ledger of provtool; expected a corpus of texts"

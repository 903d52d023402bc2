"""Tests of ``provtool report``."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

from provenance.evidence import Effect, Evidence, Gate, Plot, Statistic, to_json, write

COMMAND = [sys.executable, "-c", "from cli.main import main; main()", "report"]


def sample(*, log10_pvalue=-4.0, claim="The suspect derives from the run."):
    """Make one small audit."""
    return Evidence(
        audit="order",
        claim=claim,
        null="Positions are exchangeable.",
        verdict="evidence" if log10_pvalue <= -3 else "no-evidence",
        alpha=0.001,
        n=1000,
        pvalue=10**log10_pvalue,
        log10_pvalue=log10_pvalue,
        pvalue_method="permutation(resamples=9999, max_of=7, strata=1)",
        decided_by="permutation",
        statistic=Statistic(name="recency", value=-log10_pvalue),
        effect=Effect(name="rho", value=0.3, low=0.2, high=0.4, level=0.95),
        gates=(Gate(name="length", passed=True, detail="none seen"),),
        caveats=(),
        commitments=(),
        inputs={"scores": "ab" * 32},
        suspect={"suspect": "hf:m"},
        references=(),
        seed=math.floor(-10 * log10_pvalue),
        plots=(Plot(name="evalue-growth", x=(1.0, 2.0), y=(0.1, 0.4)),),
    )


def run(*arguments, stdin=None):
    """Run the command as a user does."""
    return subprocess.run([*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, check=False)


@pytest.fixture
def exhibits(tmp_path):
    """Write two evidence files."""
    write(tmp_path / "a.json", sample())
    write(tmp_path / "b.json", sample(log10_pvalue=-0.3, claim="Another."))
    return tmp_path / "a.json", tmp_path / "b.json"


def test_two_files_one_page(tmp_path, exhibits):
    """Two evidence files give a page, a JSON, and a line for each verdict on stderr."""
    done = run(*exhibits, "--out", tmp_path / "r.html")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.decode().splitlines()
    assert lines[0].split() == ["evidence", "order", "p", "=", "0.0001,", "adjusted", "0.0002", "hf:m"]
    assert lines[1].startswith("no-evidence")
    assert lines[2] == f"report: {tmp_path / 'r.html'} (and {tmp_path / 'r.json'})"
    assert json.loads((tmp_path / "r.json").read_text())["evidence"][0]["file"] == str(exhibits[0])
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(("name", "how"), [("r.md", ()), ("r.txt", ("--format", "md")), ("-", ("--format", "md"))])
def test_markdown(tmp_path, exhibits, name, how):
    """The same in Markdown, alone, asked for by --format or by the name of the file."""
    out = name if name == "-" else tmp_path / name
    done = run(*exhibits, "--out", out, *how)
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode() if name == "-" else out.read_text(encoding="utf-8")
    assert said.startswith("# Evidence in 1 of 2 audits\n")
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", "b.json"} | ({name} - {"-"})


def test_json_alone(tmp_path, exhibits):
    """The JSON is the one that lies beside a page, to a file or to stdout; evidence is not written over."""
    run(*exhibits, "--out", tmp_path / "r.html")
    done = run(*exhibits, "--out", "-", "--format", "json")
    assert done.stdout == (tmp_path / "r.json").read_bytes()
    assert run(*exhibits, "--out", tmp_path / "alone.json").returncode == 0
    assert (tmp_path / "alone.json").read_bytes() == done.stdout
    assert run(exhibits[0], "--out", exhibits[1]).returncode == 1


def test_streams(tmp_path):
    """Evidence comes from stdin and the page goes to stdout; nothing is left on disk."""
    done = run("-", "--out", "-", stdin=json.dumps(to_json(sample())).encode())
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith("<!doctype html>")
    assert done.stderr.decode().startswith("evidence")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "a.json: cannot be read (No such file or directory)"),
        (b"{\n  oops", "a.json:2: not JSON"),
        (b'{"schema": "provtool/evidence/9"}', "schema is 'provtool/evidence/9'; expected 'provtool/evidence/1'"),
        (b"[1, 2]", "schema is None"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b'{"schema": "provtool/evidence/1"}', "field 'audit' of Evidence is missing"),
        (json.dumps(to_json(sample()) | {"n": "many"}).encode(), "evidence.n is 'many'; expected a whole number"),
        (json.dumps(to_json(sample()) | {"inputs": [1]}).encode(), "evidence.inputs is '[1]'; expected an object"),
        (json.dumps(to_json(sample()) | {"suspect": "me"}).encode(), "evidence.suspect is 'me'"),
    ],
)
def test_bad_evidence_is_one_line(tmp_path, content, message):
    """A missing, damaged or foreign file is one line and exit 1, and no page is left behind."""
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    done = run(tmp_path / "a.json", "--out", tmp_path / "r.html")
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.decode().splitlines()) == 1, done.stderr.decode()
    assert message in done.stderr.decode()
    assert {path.name for path in tmp_path.iterdir()} <= {"a.json"}


@pytest.mark.parametrize("content", [b"\xff", b"nothing"])
def test_bad_stream_is_one_line(content):
    """What is no evidence on stdin is one line that says so."""
    done = run("-", "--out", "-", stdin=content)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("provtool: <stdin>")
    assert done.stdout == b""


def test_unwritable_output(tmp_path, exhibits):
    """A path that cannot be written is one line and exit 1."""
    done = run(exhibits[0], "--out", exhibits[1] / "r.html")
    assert done.returncode == 1
    assert len(done.stderr.decode().splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", "b.json"}


def test_evidence_is_not_written_over(exhibits):
    """``a.json`` with ``--out a.html`` would lose the evidence: refused."""
    before = exhibits[0].read_bytes()
    done = run(exhibits[0], "--out", exhibits[0].with_suffix(".html"))
    assert done.returncode == 1
    assert "another name for --out" in done.stderr.decode()
    assert exhibits[0].read_bytes() == before


def test_level_outside_the_unit_interval_is_usage(exhibits):
    """An alpha that is no probability is a mistake of usage: exit 2."""
    assert run(exhibits[0], "--out", "-", "--alpha", "1").returncode == 2

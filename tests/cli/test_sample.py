"""``provtool sample``."""

import json


def test_texts_are_written_and_audited(run, trained, tmp_path):
    """A model writes from the first words of a corpus, and the texts are what audit overlap reads."""
    (tmp_path / "c.jsonl").write_text('{"id": "a", "text": "The statement is executed when"}\n')
    asked = ("--tokens", 400, "--length", 16, "--prompts", "c.jsonl", "--prompt-length", 3, "--out", "t.jsonl")
    done = run("sample", "--suspect", trained.model("ours"), *asked)
    assert done.code == 0, done.err
    assert "tokens in t.jsonl; how they were written: t.jsonl.sampling.json" in " ".join(done.err.split())
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert {row["prompt"] for row in rows} == {"a"}
    assert run("audit", "overlap", trained.transcript, "t.jsonl", "--resamples", 99).code == 0


def test_texts_may_go_to_a_stream(run, trained):
    """With - the lines are on standard output, and nothing else is."""
    done = run("sample", "--suspect", trained.model("ours"), "--tokens", 50, "--length", 8, "--out", "-")
    assert done.code == 0, done.err
    assert sum(json.loads(line)["tokens"] for line in done.out.splitlines()) >= 50


def test_who_writes_nothing_is_one_line(run, tmp_path):
    """A column is no writer: exit code 1 and what would be."""
    done = run("sample", "--suspect", "column:x.csv:y", "--tokens", 5, "--out", "t.jsonl")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "writes nothing" in done.err
    assert not list(tmp_path.iterdir())

"""Served models from the command line."""

import json

import pytest

from cli import answers
from provenance import scoring
from provenance.suspects import preflight

LOOKS = len(preflight.PROBES)
SOON = "time at least 1 second, as the first requests went"
TERMS = ("--concurrency", "4", "--price-per-million-tokens", "2")


@pytest.fixture
def served(serving, monkeypatch):
    """Serve the closed-form model; gives the server and its name as a suspect."""
    for name in ("PROVTOOL_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with serving.serve(lambda body, _headers: serving.echo(body)) as server:
        yield server, f"openai:{server.url}#m"


def test_a_served_model_is_scored(run, corpus, served, tmp_path):
    """Each distinct text is asked once, and scores say who was asked and how."""
    server, name = served
    done = run("score", corpus, "--suspect", name, *TERMS, "--out", "s.parquet")
    assert done.code == 0, done.err
    scores = scoring.read(tmp_path / "s.parquet")
    assert (scores.rendering, scores.suspect["suspect"], scores.suspect["kind"]) == ("text", name, "openai")
    assert all(row.mean is None and row.ends[-1] > 0 for row in scores.rows)
    texts = [body["prompt"] for body in server.asked][LOOKS:]
    assert len(texts) == len(set(texts)) == len(scores.rows)


def test_an_audit_asks_a_served_model_by_itself(run, transcript, served, counts, tmp_path):
    """``audit --suspect openai:…`` scores and judges in one go."""
    _, name = served
    asking = ("--suspect", name, "--reference", counts, "--window", "1:8", *TERMS)
    done = run("audit", "order", transcript, *asking, "--out", "e.json")
    assert done.code == 0, done.err
    assert done.err.count("cost ") == 1
    assert json.loads((tmp_path / "e.json").read_text())["suspect"]["suspect"] == name


def test_a_dry_run_spends_nothing_but_the_first_look(run, corpus, served):
    """What it would cost is said after a few short requests."""
    server, name = served
    done = run("score", corpus, "--suspect", name, *TERMS, "--out", "s.parquet", "--dry-run")
    assert done.code == 0, done.err
    lines = [" ".join(line.split()) for line in done.err.splitlines()]
    assert [line.partition(" about ")[0] for line in lines[1:]] == ["tokens", SOON, "cost"]
    assert len(server.asked) == LOOKS


def test_a_long_scoring_by_a_server_asks_first(run, corpus, served, monkeypatch):
    """What will take long at the least is begun only after a yes, or with --yes."""
    server, name = served
    monkeypatch.setattr(answers, "ASKED_FROM", 0)
    monkeypatch.setattr(answers, "_terminal", lambda: True)
    asked = ("score", corpus, "--suspect", name, "--out", "s.parquet")
    done = run(*asked, stdin=b"n\n")
    assert (done.code, "Go on?" in done.err, len(server.asked)) == (130, True, LOOKS)
    done = run(*asked, "--yes")
    assert (done.code, "Go on?" in done.err) == (0, False)


def test_a_budget_ends_with_4(run, corpus, served):
    """What was done for how much is one line, and tokens stay within the budget."""
    _, name = served
    done = run("score", corpus, "--suspect", name, "--max-tokens", "900", "--out", "s.parquet")
    assert done.code == 4
    assert "provtool: the budget of 900 tokens is used up: " in done.err
    assert "try a larger --max-tokens or --max-cost" in done.err


def test_mistakes_are_one_line(refused, corpus, served, serving):
    """Money without a price, an address without a model, a page in place of an API."""
    _, name = served
    said = refused("score", corpus, "--suspect", name, "--max-cost", "1", "--out", "s.parquet")
    assert said == "--max-cost without a price; expected --price-per-million-tokens"
    said = refused("score", corpus, "--suspect", "openai:http://localhost:1/v1", "--out", "s.parquet")
    assert "expected openai:BASE_URL#MODEL" in said
    with serving.serve(lambda *_: (200, b"<html>", {"Content-Type": "text/html"})) as page:
        said = refused("score", corpus, "--suspect", f"openai:{page.url}#m", "--out", "s.parquet", code=4)
    assert "answered with text/html, not a JSON object" in said


def test_a_larger_budget_goes_on_where_the_smaller_ended(run, served, tmp_path):
    """Shards that were paid for are not asked again."""
    server, name = served
    rows = [{"id": str(row), "text": f"The tide {row} came in"} for row in range(300)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ("score", "c.jsonl", "--suspect", name, "--out", "s.parquet", "--max-tokens")
    done = run(*command, "1700")
    assert done.code == 4
    assert "1 of 2 shards are kept" in done.err
    before = len(server.asked)
    assert run(*command, "5000").code == 0
    assert len(server.asked) - before == LOOKS + 44
    assert len(scoring.read(tmp_path / "s.parquet").rows) == 300

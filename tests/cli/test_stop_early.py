"""``--stop-early`` and ``--queries``: no more is asked than it takes, and what was answered is kept."""

import json
from pathlib import Path

import numpy as np
import pytest

from provenance import evidence, scoring


@pytest.fixture
def traced(run, tmp_path):
    """Import 600 examples in a random order; gives the transcript and a suspect that likes the late ones."""
    rng = np.random.default_rng(0)
    order = rng.permutation(600)
    rows = [{"id": f"e{row}", "position": int(at), "text": f"text {row}"} for row, at in enumerate(order)]
    (tmp_path / "seen.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("transcript", "import", "seen.jsonl", "--out", "run.parquet").code == 0
    lines = [
        f"e{row},{at / 200 + noise}\n" for row, (at, noise) in enumerate(zip(order, rng.normal(size=600), strict=True))
    ]
    (tmp_path / "likes.csv").write_text("id,loglik\n" + "".join(lines))
    return Path("run.parquet"), "column:likes.csv:loglik"


def test_a_strong_trace_is_found_with_few_questions(run, traced, tmp_path):
    """The scores left behind are those of the rows asked; the capital decides, far above the asked-for 1/α."""
    transcript, suspect = traced
    assert run("audit", "order", transcript, "--suspect", suspect, "--stop-early", "--out", "e.json").code == 0
    found = evidence.read(tmp_path / "e.json")
    assert (found.verdict, found.decided_by) == ("evidence", "evalue")
    assert found.n == found.stopped["asked"] < found.stopped["of"] == 600
    assert len(scoring.read(tmp_path / "e.scores.parquet").rows) == found.n
    assert found.asymptotic is None
    assert not found.stopped["replayed"]


def test_what_was_asked_gives_the_same_evidence(run, traced, refused, tmp_path):
    """Another party redoes the audit from the rows kept, byte for byte; a fixed-n audit of them is refused."""
    transcript, suspect = traced
    run("audit", "order", transcript, "--suspect", suspect, "--stop-early", "--out", "a.json")
    kept = ["--scores", "a.scores.parquet"]
    assert run("audit", "order", transcript, *kept, "--stop-early", "--out", "b.json").code == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert "--stop-early" in refused("audit", "order", transcript, *kept, "--out", "c.json")


def test_all_scores_at_hand_say_what_would_have_been_saved(run, traced, tmp_path):
    """The same test on a whole table says that its saving is a replay."""
    transcript, suspect = traced
    run("score", transcript, "--suspect", suspect, "--out", "s.parquet")
    assert run("audit", "order", transcript, "--scores", "s.parquet", "--stop-early", "--out", "e.json").code == 0
    found = evidence.read(tmp_path / "e.json")
    assert found.stopped["replayed"]
    assert any("would not have been asked" in caveat for caveat in found.caveats)


def test_a_reference_is_asked_about_the_same_rows(run, traced, tmp_path):
    """A reference's scores are kept beside, of the rows asked and no others."""
    transcript, suspect = traced
    run("ngram", transcript, "--out", "n.parquet")
    asked = ["--suspect", suspect, "--reference", "ngram:n.parquet", "--stop-early", "--window", "0:9"]
    assert run("audit", "order", transcript, *asked, "--out", "e.json").code == 0
    ids = [
        {row.id for row in scoring.read(tmp_path / f"e.{name}.parquet").rows}
        for name in ("scores", "reference-1.scores")
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) < 600


def test_at_most_so_many_rows_are_asked(run, traced, tmp_path):
    """--queries asks that many; the table left behind gives the same evidence, and stopping early stays within it."""
    transcript, suspect = traced
    chosen = ["--queries", 200, "--select", "recent"]
    assert run("audit", "order", transcript, "--suspect", suspect, *chosen, "--out", "a.json").code == 0
    found = evidence.read(tmp_path / "a.json")
    assert (found.n, found.selection["of"], found.decided_by) == (200, 600, "permutation")
    assert len(scoring.read(tmp_path / "a.scores.parquet").rows) == 200
    kept = ["--scores", "a.scores.parquet", *chosen]
    assert run("audit", "order", transcript, *kept, "--out", "b.json").code == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert run("audit", "order", transcript, *kept, "--stop-early", "--out", "c.json").code == 0
    assert evidence.read(tmp_path / "c.json").stopped["of"] == 200


def test_a_rule_without_a_number_is_usage(run, traced):
    """--select alone would choose nothing."""
    transcript, suspect = traced
    done = run("audit", "order", transcript, "--suspect", suspect, "--select", "uniform", "--out", "e.json")
    assert done.code == 2
    assert "--queries" in done.err

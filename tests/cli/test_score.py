"""``provtool score``."""

import pytest

from provenance import scoring


def test_every_variant_is_scored(run, marked, counts, tmp_path):
    """A ledger's table has one row a document and variant, and says from which file."""
    done = run("score", marked / "ledger.parquet", "--suspect", counts, "--out", "s.parquet")
    assert done.code == 0
    assert done.err == "200 texts scored as text in s.parquet\n"
    assert set(scoring.read(tmp_path / "s.parquet").inputs) == {"ledger"}


def test_streams(run, corpus, counts, tmp_path):
    """A corpus from standard input, scores to standard output, whole and nothing else."""
    done = run("score", "-", "--suspect", counts, "--out", "-", stdin=corpus.read_bytes())
    assert done.code == 0
    (tmp_path / "s.parquet").write_bytes(done.raw)
    assert len(scoring.read(tmp_path / "s.parquet").rows) == 40


def test_a_ledger_comes_through_a_pipe_too(run, marked, counts):
    """What stands on standard input is told by its first bytes, and joins the audit as the file would."""
    content = (marked / "ledger.parquet").read_bytes()
    assert run("score", "-", "--suspect", counts, "--out", "s.parquet", stdin=content).code == 0
    assert run("audit", "watermark", marked / "ledger.parquet", "--scores", "s.parquet").code == 0


def test_corpora_are_kept_apart(run, corpus, counts, tmp_path):
    """Two corpora are two sets of one table."""
    (tmp_path / "d.jsonl").write_bytes(corpus.read_bytes())
    run("score", corpus, "d.jsonl", "--suspect", counts, "--out", "s.parquet")
    assert {row.set for row in scoring.read(tmp_path / "s.parquet").rows} == {"c.jsonl", "d.jsonl"}


def test_a_model_is_asked(run, transcript, random_model, tmp_path):
    """A Hugging Face folder scores the window that was asked for."""
    done = run("score", transcript, "--suspect", random_model, "--window", "4:8", "--out", "s.parquet")
    assert done.code == 0
    scores = scoring.read(tmp_path / "s.parquet")
    assert {len(row.logprob) for row in scores.rows} == {8}
    assert scores.window == "4:8"


def test_a_smaller_context_is_another_table(run, transcript, random_model, tmp_path):
    """With ``--context`` a model reads less at once, the table says how much, and it is not taken for the other's."""
    asked = ("score", transcript, "--suspect", random_model, "--window", "0:12", "--out", "s.parquet")
    told = []
    for more in ((), ("--context", 6), ("--context", 6)):
        done = run(*asked, *more)
        assert done.code == 0, done.err
        scores = scoring.read(tmp_path / "s.parquet")
        told.append((scores.suspect.get("context"), [row.logprob.tolist() for row in scores.rows]))
    assert "holds these answers already" in done.err
    assert [context for context, _ in told] == [None, 6, 6]
    whole, narrow = (rows[0] for _, rows in told[:2])
    assert len(whole) == len(narrow)
    assert whole[:5] == pytest.approx(narrow[:5], abs=1e-4)
    assert max(abs(one - other) for one, other in zip(whole[5:], narrow[5:], strict=True)) > 1e-3


def test_what_cannot_be_scored_together_is_said(run, marked, counts, transcript, refused):
    """A transcript with a ledger, two copies of a ledger, and a table of scores."""
    ledger = marked / "ledger.parquet"
    run("score", ledger, "--suspect", counts, "--out", "s.parquet")
    message = refused("score", transcript, ledger, "--suspect", counts, "--out", "x.parquet")
    assert "ledger and transcript cannot be scored together; expected one transcript" in message
    message = refused("score", "s.parquet", "--suspect", counts, "--out", "x.parquet")
    assert message.startswith("s.parquet: scores cannot be scored")
    message = refused("score", ledger, ledger, "--suspect", counts, "--out", "x.parquet")
    assert "are both of release 'c.jsonl'" in message


def test_members_and_held_out_text_of_different_mappings_are_refused(run, corpus, counts, refused, tmp_path):
    """What was marked by the published strategy is scored together only where one mapping marked it."""
    (tmp_path / "d.jsonl").write_bytes(corpus.read_bytes().partition(b"\n")[2])
    plain = ("--strategy", "leximark", "--encoder", "none")
    run("watermark", corpus, *plain, "--out", "members")
    run("watermark", "d.jsonl", *plain, "--per-sentence", 1, "--out", "alone")
    run("watermark", "d.jsonl", *plain, "--mapping", "members/ledger.parquet", "--out", "alike")
    members = tmp_path / "members" / "ledger.parquet"
    message = refused("score", members, "alone/ledger.parquet", "--suspect", counts, "--out", "s.parquet")
    assert "were marked by different mappings; expected one mapping for members and held-out documents" in message
    assert run("score", members, "alike/ledger.parquet", "--suspect", counts, "--out", "s.parquet").code == 0


def test_a_ray_cluster_makes_the_same_table(run, trained, tmp_path):
    """``--engine ray`` starts a cluster on this machine, asks there, and leaves the bytes of one process."""
    for out, more in (("a.parquet", ()), ("b.parquet", ("--engine", "ray", "--workers", 2))):
        done = run("score", trained.transcript, "--suspect", trained.model("ours"), "--out", out, *more)
        assert done.code == 0, done.err
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    done = run("score", trained.transcript, "--suspect", "x", "--out", "c.parquet", "--address", "auto")
    assert done.code == 2
    assert "--address is of a Ray cluster: --engine ray" in done.err

"""Bundles of audits of texts: membership, overlap, reshuffle and trace."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from provenance.audits import membership


def verified(run, *how):
    """Verify a bundle that holds; gives what is said."""
    done = run("verify", "b", *how)
    assert done.code == 0, done.out
    assert "holds   numbers of evidence" in done.out
    return done.out


def caught(run, path, old, new):
    """Change a text in the bundle, with its digest left or not; gives what fails."""
    path.write_text(path.read_text().replace(old, new, 1))
    done = run("verify", "b")
    assert done.code == 1
    return [line for line in done.out.splitlines() if line.startswith("FAILS")]


def test_a_membership_bundle(run, tmp_path):
    """Both sides keep their names; a changed text is caught by digest and by numbers."""
    rng = np.random.default_rng(0)
    words = ["house", "river", "stone", "quiet", "morning", "letter", "garden", "winter"]
    rows = [{"id": f"d{row}", "text": " ".join(rng.choice(words, size=14))} for row in range(80)]
    into = membership.split([row["id"] for row in rows], seed=7)
    for name, side in (("seen", True), ("unseen", False)):
        kept = [json.dumps(row) + "\n" for row, member in zip(rows, into, strict=True) if member == side]
        (tmp_path / f"{name}.jsonl").write_text("".join(kept))
    run("ngram", "seen.jsonl", "--out", "n.parquet")
    how = ("--suspect", "ngram:n.parquet", "--split-seed", 7, "--resamples", 999, "--bundle", "b")
    done = run("audit", "membership", "seen.jsonl", "unseen.jsonl", *how)
    assert done.code == 0, done.err
    verified(run)
    told = caught(run, Path("b/members/seen.jsonl"), "river", "fjord")
    assert told[0] == "FAILS   files: members/seen.jsonl: altered"
    assert any("numbers of evidence.json" in line for line in told)


def test_an_overlap_bundle(run, transcript, tmp_path):
    """The scan is done again over run and texts."""
    (tmp_path / "t.txt").write_text("The whole committee usually began its work early. 57 A large house stood there.\n")
    done = run("audit", "overlap", transcript, "t.txt", "--resamples", 999, "--max-ngram", 5, "--bundle", "b")
    assert done.code == 0, done.err
    verified(run)
    assert any(
        "numbers of evidence.json: inputs.texts" in line for line in caught(run, Path("b/texts/t.txt"), "A", "B")
    )


def test_an_overlap_bundle_of_the_first_days(run, transcript, tmp_path):
    """A bundle whose settings do not say how n-grams were weighed was made when there was one way, the longest."""
    (tmp_path / "t.txt").write_text("The whole committee usually began its work early. 57 A large house stood there.\n")
    for weight, code in (("longest", 0), ("relative", 1)):
        how = ("--resamples", 999, "--weight", weight, "--bundle", weight)
        assert run("audit", "overlap", transcript, "t.txt", *how).code == 0
        manifest = Path(weight) / "bundle.json"
        told = json.loads(manifest.read_text())
        assert told["settings"].pop("weight") == weight
        manifest.write_text(json.dumps(told))
        done = run("verify", weight)
        assert done.code == code, done.out


def test_a_trace_bundle(run, marked):
    """With and without the key the same numbers come out; another key is caught."""
    texts = marked / "release" / "c.jsonl"
    how = ("--key", "r.key", "--resamples", 999, "--bundle", "b")
    done = run("audit", "trace", marked / "ledger.parquet", texts, *how)
    assert done.code == 0, done.err
    assert "skipped deals of ledger.parquet" in verified(run)
    assert "holds   deals" in verified(run, "--key", "r.key")
    run("key", "new", "other.key")
    assert run("verify", "b", "--key", "other.key").code == 1


def test_a_reshuffle_bundle(run, transcript, tmp_path):
    """Answers of every re-run lie in the bundle, and the rank comes out again."""
    (tmp_path / "t.txt").write_text("A text that somebody wrote.\n")
    numbers = (-np.random.default_rng(0).random(6)).tolist()
    rows = {"id": ["t.txt"], **{f"r{number}": [value] for number, value in enumerate(numbers)}}
    pq.write_table(pa.table(rows), tmp_path / "told.parquet")
    named = [part for number in range(1, 6) for part in ("--rerun", f"column:told.parquet:r{number}")]
    how = ("--run", "column:told.parquet:r0", *named, "--transcript", transcript, "--alpha", 0.2, "--bundle", "b")
    done = run("audit", "reshuffle", "t.txt", *how)
    assert done.code == 0, done.err
    verified(run)
    assert len(list(Path("b").glob("rerun-*.parquet"))) == 5


def test_a_stream_cannot_be_kept(run, transcript):
    """Texts from standard input are refused as usage, before they are read."""
    done = run("audit", "overlap", transcript, "-", "--bundle", "b", stdin=b"Some words.\n")
    assert done.code == 2
    assert "--bundle keeps what was audited" in done.err

"""``provtool commit``."""

import json
import stat

import pytest


def test_a_commitment_and_its_opening_are_written(run, marked):
    """The root goes to stdout; what to publish and what to keep is said; the opening is private."""
    done = run("commit", marked / "ledger.parquet")
    assert done.code == 0
    public = json.loads((marked / "ledger.parquet.commitment.json").read_text())
    assert done.out == f"m/ledger.parquet: {public['root']}\n"
    assert done.err.splitlines() == [
        "  publish      m/ledger.parquet.commitment.json",
        "  keep secret  m/ledger.parquet.opening.json",
    ]
    assert stat.S_IMODE((marked / "ledger.parquet.opening.json").stat().st_mode) == 0o600


def test_a_commitment_is_never_written_over(run, marked, refused):
    """A second commitment would throw away the salt that opens the first."""
    run("commit", marked / "ledger.parquet")
    message = refused("commit", "c.jsonl", marked / "ledger.parquet")
    assert message.startswith("m/ledger.parquet.commitment.json: exists, and a commitment is never written over")


def test_all_files_are_looked_at_first(refused, corpus):
    """One missing file, and nothing is written for the others."""
    assert refused("commit", corpus, "none.parquet") == "none.parquet: no such file"


def test_a_file_changed_since_is_found_by_the_audit(run, marked, counts, refused):
    """The audit opens the commitment that lies beside a ledger, and refuses another file."""
    run("commit", marked / "ledger.parquet")
    run("watermark", "c.jsonl", "--key", "r.key", "--out", "n", "--alternates", 1)
    (marked / "ledger.parquet").write_bytes((marked.parent / "n" / "ledger.parquet").read_bytes())
    message = refused("audit", "watermark", marked / "ledger.parquet", "--suspect", counts)
    assert message.startswith("m/ledger.parquet is not the file that was committed to on ")


@pytest.mark.parametrize("arguments", [[], ["--help-me", "x"]])
def test_usage(run, arguments):
    """Nothing to commit to is a mistake of usage."""
    assert run("commit", *arguments).code == 2

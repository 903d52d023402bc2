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


@pytest.fixture
def stamps(monkeypatch, authority, stamping, tmp_path):
    """Run an authority whose roots lie in ``roots.pem``; gives its address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "roots.pem").write_bytes(authority.root.pem)
    with stamping.serving(authority.respond) as (url, _):
        yield url


def test_a_time_stamp_is_asked_for_and_named(run, corpus, stamps):
    """The witness is said and stands in the commitment; the token lies beside it; both are to be published."""
    done = run("commit", corpus, "--timestamp", stamps, "--timestamp-roots", "roots.pem")
    assert done.code == 0
    public = json.loads(corpus.with_name("c.jsonl.commitment.json").read_text())
    assert done.out == f"c.jsonl: {public['root']}\n"
    assert done.err.splitlines() == [
        "  publish      c.jsonl.commitment.json",
        "  keep secret  c.jsonl.opening.json",
        "c.jsonl: time-stamped by Test Stamps, 2026-03-04T05:06:07+00:00",
        "  publish      c.jsonl.commitment.tsr",
    ]
    assert public["witness"] == "Test Stamps, 2026-03-04T05:06:07+00:00"


def test_a_time_stamp_can_be_added_later(run, refused, corpus, stamps):
    """The same command on a committed, unchanged file adds the token; without --timestamp it is refused as ever."""
    root = run("commit", corpus).out.split()[1]
    assert refused("commit", corpus).startswith("c.jsonl.commitment.json: exists")
    done = run("commit", corpus, "--timestamp", stamps, "--timestamp-roots", "roots.pem")
    assert (done.code, done.out) == (0, "")
    assert json.loads(corpus.with_name("c.jsonl.commitment.json").read_text())["root"] == root
    corpus.write_text("changed")
    assert refused("commit", corpus, "--timestamp", stamps).startswith("c.jsonl is not the file that was committed to")


def test_an_unknown_authority_is_said_to_prove_nothing(run, corpus, stamps):
    """Its token is kept; that it is no witness, and what to try, is said."""
    done = run("commit", corpus, "--timestamp", stamps)
    assert done.code == 0
    assert "not in your trust store" in done.err
    assert "no witness to you; try --timestamp-roots with its roots" in done.err


def test_an_authority_that_refuses_leaves_the_commitment(run, corpus, stamping, monkeypatch):
    """The commitment stands; one line says what went wrong, and that nothing is lost."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with stamping.serving(404) as (url, _):
        done = run("commit", corpus, "--timestamp", url)
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith(f"provtool: {url}: answered 404 ")
    assert done.err.endswith("try the same command later, or another authority; nothing is lost\n")
    assert run("commit", corpus).err.startswith("provtool: c.jsonl.commitment.json: exists")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--timestamp", "nowhere"], "--timestamp: not the address of a server; expected http://… or https://…"),
        (["--timestamp", "http://x", "--timestamp-roots", "c.jsonl"], "c.jsonl: no certificates in it"),
        (["--timestamp", "http://x", "--timestamp-roots", "none"], "none: cannot be read"),
    ],
)
def test_a_mistaken_option_commits_to_nothing(refused, corpus, arguments, message):
    """Address and roots are looked at before anything is written."""
    assert refused("commit", corpus, *arguments).startswith(message)


def test_roots_without_a_stamp_are_usage(run, corpus):
    """Trust is of no use where nobody is asked."""
    assert run("commit", corpus, "--timestamp-roots", "roots.pem").code == 2


@pytest.mark.parametrize("audit", ["order", "watermark"])
def test_a_witness_takes_the_caveat_away(run, request, counts, stamps, audit):
    """With a stamp that the auditor can check, the finding no longer rests on the owner's word; else it does."""
    from provenance.evidence import OWNER_CAVEAT

    record = request.getfixturevalue("transcript") if audit == "order" else request.getfixturevalue("marked")
    path = record if audit == "order" else record / "ledger.parquet"
    run("commit", path, "--timestamp", stamps)
    for roots, witness in (([], None), (["--timestamp-roots", "roots.pem"], "Test Stamps, 2026-03-04T05:06:07+00:00")):
        done = run("audit", audit, path, "--suspect", counts, "--resamples", 99, "--json", *roots)
        found = json.loads(done.out)
        assert found["commitments"][0]["witness"] == witness
        assert (OWNER_CAVEAT in found["caveats"]) == (witness is None)

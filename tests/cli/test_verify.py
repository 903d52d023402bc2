"""``provtool verify``."""

import json

import pytest


def test_a_release_is_verified(run, marked):
    """Each check is a line on standard output, the sum on standard error, and nothing fails."""
    done = run("verify", marked, "--key", "r.key")
    assert done.code == 0
    assert done.out.splitlines()[0] == "holds   release files: 1 with the digests that the certificate gives"
    assert "skipped words and fidelity figures: " in done.out
    assert done.err == "all that was checked holds: 0 fail, 7 hold, 3 skipped\n"


def test_an_edited_release_is_exit_1(run, marked):
    """Every finding has a line of its own that names file, line and id."""
    path = marked / "release" / "c.jsonl"
    path.write_text(path.read_text().replace("Number 4.", "Number 5.", 1))
    done = run("verify", marked)
    assert done.code == 1
    assert [line for line in done.out.splitlines() if line.startswith("FAILS")] == [
        "FAILS   release files: m/release/c.jsonl: altered",
        "FAILS   documents: m/release/c.jsonl:5: document 'd4' is not what the ledger renders",
    ]
    assert done.err.startswith("not all that was checked holds: 2 fail, ")


def test_the_key_may_come_from_the_environment(run, marked, monkeypatch, tmp_path):
    """PROVTOOL_KEY is used where no file is given, and its content is never shown."""
    content = (tmp_path / "r.key").read_text()
    monkeypatch.setenv("PROVTOOL_KEY", content)
    done = run("verify", marked)
    assert "holds   deals: key " in done.out
    assert content.strip().partition(":")[2] not in done.out + done.err


def test_the_result_as_json(run, marked):
    """``--json`` prints the result and nothing else."""
    done = run("verify", marked / "certificate.json", "--json")
    found = json.loads(done.out)
    assert found["holds"]
    assert {check["outcome"] for check in found["checks"]} == {"held", "skipped"}
    assert done.err == ""


def test_a_stamped_file_is_verified(run, corpus, authority, stamping, monkeypatch, tmp_path):
    """Roots given by option make the witness count."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "roots.pem").write_bytes(authority.root.pem)
    with stamping.serving(authority.respond) as (url, _):
        run("commit", corpus, "--timestamp", url)
    assert "skipped time stamp of c.jsonl: Test Stamps, 2026" in run("verify", corpus).out
    done = run("verify", corpus, "--timestamp-roots", "roots.pem")
    assert "holds   time stamp of c.jsonl: existed at the time that a trusted witness gives: Test Stamps" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "none: no such file; expected a certificate, or a file with a commitment beside it"),
        (["c.jsonl"], "c.jsonl: no certificate, and no commitment beside it; try provtool commit c.jsonl"),
        (["c.jsonl", "--key", "none"], "none: cannot be read"),
        (["c.jsonl", "--timestamp-roots", "c.jsonl"], "c.jsonl: no certificates in it"),
    ],
)
@pytest.mark.usefixtures("corpus")
def test_what_cannot_be_verified_is_one_line(refused, arguments, message):
    """A mistake is told from a finding by its one line on standard error."""
    assert refused("verify", *arguments).startswith(message)

"""Certificates and commitments, and all that lies beside them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance import authorities, checks, commitments, corpora, storage
from provenance.checks import Failed, Held, Skipped
from provenance.errors import ArtifactError, InputError
from watermark import embedding, keys, marking, verification
from watermark.keys import Key
from watermark.verification import Means

KEY = keys.subkey(Key(secret=bytes(range(32)), id="parent"), "tests")
TEXTS = {"a": "She bought a large house. They began early.", "b": "Hm.", "c": "He usually finished quickly."}
ROWS = [{"id": name, "body": text} for name, text in TEXTS.items()]


@pytest.fixture
def make(tmp_path):
    """Give a function that marks three documents, one of which has no site, and gives the folder."""

    def call(name="c.jsonl", *, recipient=None, strategy="keyed", out="m"):
        path = tmp_path / name
        match path.suffix:
            case ".jsonl":
                path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
            case ".csv":
                path.write_text("id,body\n" + "".join(f"{row['id']},{row['body']}\n" for row in ROWS))
            case ".parquet":
                pq.write_table(pa.Table.from_pylist(ROWS), path)
            case "":
                path.mkdir()
                for row in ROWS:
                    (path / f"{row['id']}.txt").write_text(row["body"])
        how = marking.Embedding(recipient=recipient, strategy=strategy)
        opened = corpora.open(path, text_field="body")
        key = None if strategy == "leximark" else KEY
        embedding.release(opened, key=key, out=tmp_path / out, embedding=how)
        return tmp_path / out

    return call


def failed(found):
    """Give the details of what failed."""
    return [check.detail for check in found.checks if isinstance(check, Failed)]


def outcome(found, what):
    """Give the one check of a name."""
    (check,) = [check for check in found.checks if check.what == what]
    return check


@pytest.mark.parametrize("name", ["c.jsonl", "c.csv", "c.parquet", "texts"])
@pytest.mark.parametrize("recipient", [None, "acme"])
def test_an_untouched_release_holds(make, name, recipient):
    """In every format, for every recipient, with the owner's key: each check holds but for what nobody did."""
    found = verification.verify(make(name, recipient=recipient), means=Means(key=KEY))
    assert found.holds
    assert {check.what for check in found.checks if isinstance(check, Held)} == {
        "release files",
        "description",
        "ledger commitment",
        "deals",
        "settings",
        "documents",
        "counts",
    }
    assert {check.what for check in found.checks if isinstance(check, Skipped)} == {
        "words and fidelity figures",
        "commitment to certificate.json",
        "commitment to ledger.parquet",
    }


def test_what_is_missing_extra_or_altered_is_named(make):
    """Each file is one finding, by its path, and none hides another."""
    folder = make("texts")
    release = folder / "release"
    (release / "a.txt").unlink()
    (release / "b.txt").write_text("Ha.")
    (release / "new.txt").write_text("More.")
    found = verification.verify(folder / "certificate.json")
    assert not found.holds
    assert [detail for detail in failed(found) if "document" not in detail] == [
        f"{release}/a.txt: missing",
        f"{release}/new.txt: not in the certificate",
        f"{release}/b.txt: altered",
    ]


@pytest.mark.parametrize(("name", "place"), [("c.jsonl", "c.jsonl:3"), ("c.csv", "c.csv:4")])
def test_an_edited_document_is_found_and_named(make, name, place):
    """File, line and id; that the release was edited is found with the digests alone, which of it with the ledger."""
    folder = make(name)
    path = folder / "release" / name
    path.write_text(path.read_text().replace("He ", "We "))
    assert failed(verification.verify(folder)) == [
        f"{path}: altered",
        f"{path.parent / place}: document 'c' is not what the ledger renders",
    ]
    (folder / "ledger.parquet").unlink()
    found = verification.verify(folder)
    assert failed(found) == [f"{path}: altered"]
    assert isinstance(outcome(found, "documents"), Skipped)


def test_without_ledger_or_key_it_says_what_it_could_not_check(make):
    """Whatever is not at hand is skipped with a reason, and the rest is checked."""
    folder = make()
    found = verification.verify(folder)
    assert found.holds
    for what in ("ledger commitment", "deals"):
        assert outcome(found, what) == Skipped(
            what=what, detail="no key is at hand; its owner has it: --key, or PROVTOOL_KEY"
        )
    (folder / "ledger.parquet").rename(folder / "away")
    found = verification.verify(folder, means=Means(key=KEY))
    assert found.holds
    for what in ("ledger commitment", "deals", "settings", "documents", "counts"):
        assert outcome(found, what) == Skipped(what=what, detail="no ledger is at hand; its owner has it: --ledger")
    assert verification.verify(folder, means=Means(ledger=folder / "away")).holds


def test_another_key_is_told(make):
    """Neither commitment nor deals hold for it."""
    found = verification.verify(make(), means=Means(key=Key(secret=bytes(32), id="other")))
    assert isinstance(outcome(found, "ledger commitment"), Failed)
    assert isinstance(outcome(found, "deals"), Failed)
    assert len(failed(found)) == 2


def test_another_ledger_is_told(make):
    """One recipient's certificate beside another's ledger fails in every check that the ledger bears on."""
    one, other = make(recipient="acme"), make(recipient="bolt", out="n")
    found = verification.verify(one, means=Means(key=KEY, ledger=other / "ledger.parquet"))
    assert {check.what for check in found.checks if isinstance(check, Failed)} >= {"ledger commitment", "settings"}
    assert any("recipient: 'acme' in the certificate, 'bolt' in the ledger" in detail for detail in failed(found))


def test_altered_deals_are_found(make):
    """A ledger whose choices were changed after the fact is not what the key deals."""
    folder = make()
    table = pq.read_table(folder / "ledger.parquet")
    rows = table.to_pylist()
    site = rows[0]["sites"][0]
    site["chosen"] = [(choice + 1) % len(site["options"]) for choice in site["chosen"]]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), folder / "ledger.parquet")
    found = verification.verify(folder, means=Means(key=KEY))
    for what in ("ledger commitment", "deals", "documents"):
        assert isinstance(outcome(found, what), Failed)


def test_false_counts_are_told(make):
    """A certificate that claims more than the ledger shows fails, each number by its name."""
    folder = make()
    content = json.loads((folder / "certificate.json").read_text())
    content["counts"] |= {"documents": 4, "sites": 10_000}
    (folder / "certificate.json").write_text(json.dumps(content))
    assert failed(verification.verify(folder))[:2] == [
        f"{folder}/croissant.json: another digest of certificate.json",
        "documents: 4 claimed, 3 found",
    ]
    assert len(failed(verification.verify(folder))) == 3


def test_a_release_dealt_without_a_key_needs_none(make):
    """Strategy leximark: commitment and deals do not exist, the documents are compared all the same."""
    found = verification.verify(make(strategy="leximark"), means=Means(key=KEY))
    assert found.holds
    assert isinstance(outcome(found, "ledger commitment"), Skipped)
    assert isinstance(outcome(found, "deals"), Skipped)
    assert isinstance(outcome(found, "documents"), Held)


def test_a_damaged_ledger_or_release_is_a_finding(make):
    """What cannot be read does not hold; the other checks go on."""
    folder = make()
    path = folder / "release" / "c.jsonl"
    path.write_text(path.read_text() + "{\n")
    details = failed(verification.verify(folder))
    assert len(details) == 2
    assert details[1].startswith(f"{path}:4: ")
    (folder / "ledger.parquet").write_bytes(b"PAR1")
    assert "not a whole Parquet file" in failed(verification.verify(folder))[1]
    for file in (folder / "release").iterdir():
        file.unlink()
    (folder / "release").rmdir()
    assert failed(verification.verify(folder))[0] == f"{folder / 'release'}: missing"


def test_commitments_beside_are_checked(make, authority, stamping, monkeypatch):
    """Ledger and certificate may be committed to and stamped: opened, dated, and told when changed."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder, trusted = make(), [authority.root.certificate]
    for name in ("ledger.parquet", "certificate.json"):
        commitments.commit(folder / name)
    with stamping.serving(authority.respond) as (url, _):
        commitments.stamp(
            folder / "ledger.parquet", url=url, trusted=trusted, patience=authorities.Patience(attempts=1)
        )
    found = verification.verify(folder, means=Means(trusted=trusted))
    assert found.holds
    assert outcome(found, "time stamp of ledger.parquet").detail.endswith("Test Stamps, 2026-03-04T05:06:07+00:00")
    assert isinstance(outcome(found, "time stamp of certificate.json"), Skipped)
    doubted = outcome(verification.verify(folder), "time stamp of ledger.parquet")
    assert isinstance(doubted, Skipped)
    assert "authority not in your trust store" in doubted.detail
    (folder / "certificate.json").write_text((folder / "certificate.json").read_text() + "\n")
    assert [detail.partition(" on ")[0] for detail in failed(verification.verify(folder))] == [
        f"{folder / 'croissant.json'}: another digest of certificate.json",
        f"{folder / 'certificate.json'} is not the file that was committed to",
    ]


def test_any_file_with_a_commitment(tmp_path):
    """The file or its commitment may be named; without the opening only the stamp can be looked at."""
    path = tmp_path / "run.parquet"
    path.write_bytes(b"the order")
    commitments.commit(path)
    found = verification.verify(path)
    assert found.holds
    assert [type(check) for check in found.checks] == [Held, Skipped]
    assert verification.verify(f"{path}.commitment.json").checks == found.checks
    (tmp_path / "run.parquet.opening.json").rename(tmp_path / "elsewhere")
    assert [type(check) for check in verification.verify(path).checks] == [Skipped, Skipped]
    (tmp_path / "elsewhere").rename(tmp_path / "run.parquet.opening.json")
    (tmp_path / "run.parquet.commitment.tsr").write_bytes(b"x")
    assert "not a time-stamp response" in failed(verification.verify(path))[0]


def test_what_cannot_be_verified_is_one_line(make, tmp_path):
    """Nothing there, nothing beside it, or a ledger that is not there."""
    (tmp_path / "x.json").write_text("{}")
    for path, message in (
        (tmp_path / "none", "no such file"),
        (tmp_path, r"a folder with neither bundle\.json nor certificate\.json; expected a bundle"),
        (tmp_path / "x.json", "no certificate, and no commitment beside it; try provtool commit"),
    ):
        with pytest.raises(InputError, match=message):
            verification.verify(path)
    with pytest.raises(InputError, match=r"nowhere: no such file; expected a ledger"):
        verification.verify(make(), means=Means(ledger=Path("nowhere")))
    commitments.commit(tmp_path / "x.json")
    with pytest.raises(InputError, match="leaving out --ledger"):
        verification.verify(tmp_path / "x.json", means=Means(ledger=tmp_path / "m" / "ledger.parquet"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other"}, "schema is 'other'"),
        ({"counts": {"documents": "3"}}, "its counts are damaged or missing"),
        ({"counts": None}, "its counts are damaged or missing"),
        ({"release_sha256": ["x"]}, "its digests are damaged or missing"),
        ({"ledger_commitment": 5}, "its ledger commitment is damaged"),
    ],
)
def test_a_damaged_certificate_is_told(make, change, message):
    """A certificate that is none is a mistake of the input, not a finding."""
    path = make() / "certificate.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ArtifactError, match=message):
        verification.verify(path)


def test_a_certificate_may_have_another_name(make):
    """What it is stands in it."""
    folder = make()
    (folder / "certificate.json").rename(folder / "of-ours.json")
    assert verification.verify(folder / "of-ours.json", means=Means(key=KEY)).holds


def test_a_name_in_a_certificate_leads_nowhere(make, tmp_path):
    """A file named outside the release is missing, whether or not it exists."""
    folder = make()
    (folder / "croissant.json").unlink()
    (tmp_path / "secret").write_text("x")
    content = json.loads((folder / "certificate.json").read_text())
    content["release_sha256"]["../../secret"] = storage.digest(tmp_path / "secret")
    (folder / "certificate.json").write_text(json.dumps(content))
    assert failed(verification.verify(folder)) == [f"{folder}/release/../../secret: missing"]


def test_the_result_for_machines(make):
    """Every check with its outcome, and whether all holds."""
    found = verification.verify(make())
    value = json.loads(storage.dump_json(checks.to_json(found)))
    assert (value["schema"], value["holds"]) == ("provtool/verification/1", True)
    assert [(check["what"], check["detail"]) for check in value["checks"]] == [
        (check.what, check.detail) for check in found.checks
    ]
    assert {check["outcome"] for check in value["checks"]} == {"held", "skipped"}

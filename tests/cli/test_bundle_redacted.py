"""Bundles without private text, and what their owner shows later."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance.bundles import manifests

KEPT = {"id", "set", "view", "stratum", "unit"}


def failed(done):
    """Give what failed."""
    return [line.removeprefix("FAILS   ") for line in done.out.splitlines() if line.startswith("FAILS")]


def rewrite(path, change):
    """Change the rows of a table, leave its header, and make the digests anew as who alters them would."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    value = json.loads((path.parent / "bundle.json").read_text())
    value["files"] = manifests.digests(path.parent)
    (path.parent / "bundle.json").write_text(json.dumps(value))


def columns(folder):
    """Name every column of the bundle's tables that holds text, or numbers token by token."""
    found = set()
    for path in folder.glob("*.parquet"):
        for field in pq.read_schema(path):
            if pa.types.is_string(field.type) or pa.types.is_list(field.type):
                found.add(field.name)
    return found


@pytest.fixture
def ordered(run, transcript, random_model):
    """Leave the redacted bundle of an order audit of a real model, with a reference."""
    run("ngram", transcript, "--out", "other.parquet", "--order", 2)
    run("commit", transcript)
    how = ("--window", "4:8", "--reference", "ngram:other.parquet", "--resamples", 999, "--out", "o.json")
    done = run("audit", "order", transcript, "--suspect", random_model, *how, "--bundle", "b", "--redact")
    assert done.code == 0, done.err
    return Path("b")


@pytest.fixture
def released(run, marked, counts):
    """Leave the redacted bundle of a watermark audit."""
    how = ("--suspect", counts, "--resamples", 999, "--out", "w.json", "--bundle", "b", "--redact")
    done = run("audit", "watermark", marked / "ledger.parquet", *how)
    assert done.code == 0, done.err
    return Path("b")


def test_an_order_bundle_without_text(run, ordered):
    """All numbers come out again, the commitment opens; no text, token or log-probability of a token lies there."""
    done = run("verify", ordered)
    assert done.code == 0, done.out
    assert "holds   numbers of evidence.json: " in done.out
    assert "skipped gate neighbours:words: " in done.out
    assert "skipped redaction of transcript.parquet: " in done.out
    assert "holds   commitment to transcript.parquet: opens to a file with digest " in done.out
    assert columns(ordered) <= KEPT | {"positions"}
    assert not any("committee" in path.read_text() for path in ordered.glob("*.json"))


def test_what_was_kept_back_is_shown(run, ordered, random_model):
    """With the files themselves the redaction is made again and all is computed from them, words included."""
    stem = "o.scores.parquet", "o.reference-1.scores.parquet", "run.parquet"
    done = run("verify", ordered, *[part for name in stem for part in ("--private", name)])
    assert done.code == 0, done.out
    for name in ("scores", "reference-1", "transcript"):
        assert f"holds   redaction of {name}.parquet: " in done.out
    assert "holds   commitment to run.parquet: opens to the unchanged file" in done.out
    assert "gate neighbours:words" not in done.out
    done = run("verify", ordered, "--private", "seen.jsonl")
    assert [line.partition(":")[0] for line in failed(done)] == ["private seen.jsonl"]
    assert random_model


def test_numbers_that_the_files_do_not_give_are_caught(run, ordered):
    """A changed sum is told by the evidence; a changed number of a row by the evidence, or by the file itself."""

    def louder(rows):
        rows[7]["total"] += 0.5

    def drifted(rows):
        rows[3]["duplicates"] += 1e-7

    rewrite(ordered / "scores.parquet", louder)
    assert any(line.startswith("numbers of evidence.json: ") for line in failed(run("verify", ordered)))
    rewrite(ordered / "transcript.parquet", drifted)
    told = failed(run("verify", ordered, "--private", "run.parquet", "--private", "o.scores.parquet"))
    assert told[-2:] == [
        "redaction of transcript.parquet: not what run.parquet gives",
        "redaction of scores.parquet: not what o.scores.parquet gives",
    ]


def test_a_commitment_to_another_file_is_caught(run, ordered):
    """A commitment that was made to another file does not open to what evidence names."""
    Path("other.parquet.commitment.json").unlink(missing_ok=True)
    run("commit", "other.parquet")
    for ending in (".commitment.json", ".opening.json"):
        Path(f"other.parquet{ending}").replace(f"{ordered}/transcript.parquet{ending}")
    (ordered / "bundle.json").write_text(
        json.dumps({**json.loads((ordered / "bundle.json").read_text()), "files": manifests.digests(ordered)})
    )
    told = failed(run("verify", ordered))
    assert any(line.startswith("commitment to transcript.parquet: ") for line in told)
    assert any(line.startswith("commitments of evidence.json: ") for line in told)


def test_a_watermark_bundle_without_text(run, marked, released):
    """Neither wordings nor their places lie there; the key is told by its name, another is caught."""
    assert columns(released) <= KEPT | {"patterns"}
    done = run("verify", released, "--key", "r.key")
    assert done.code == 0, done.out
    assert "holds   key of ledger.parquet: " in done.out
    assert "skipped deals of ledger.parquet: " in done.out
    run("key", "new", "other.key")
    assert "dealt by key" in failed(run("verify", released, "--key", "other.key"))[0]
    done = run("verify", released, "--key", "r.key", "--private", marked / "ledger.parquet")
    assert done.code == 0, done.out
    assert "holds   deals: key " in done.out


def test_a_swapped_row_is_caught(run, marked, released):
    """Two documents that exchanged their patterns are told by the ledger; exchanged sums by the numbers alone."""

    def swap(rows):
        for part in ("patterns", "total"):
            if part in rows[0]:
                rows[4][part], rows[9][part] = rows[9][part], rows[4][part]

    rewrite(released / "ledger.parquet", swap)
    told = failed(run("verify", released, "--private", marked / "ledger.parquet"))
    assert told == ["redaction of ledger.parquet: not what ledger.parquet gives"]
    rewrite(released / "scores.parquet", swap)
    assert any(line.startswith("numbers of evidence.json: ") for line in failed(run("verify", released)))


@pytest.mark.parametrize("more", [["--queries", 30], ["--stop-early"]])
def test_fewer_questions_without_text(run, transcript, marked, counts, more):
    """Selections and early stops walk the same way again without a text."""
    for name, what in (("order", transcript), ("watermark", marked / "ledger.parquet")):
        how = ("--window", "4:8", "--out", f"{name}.json", "--bundle", f"b-{name}", "--redact", *more)
        assert run("audit", name, what, "--suspect", counts, *how).code == 0
        done = run("verify", f"b-{name}")
        assert done.code == 0, done.out


def test_usage(run, transcript):
    """Only what needs no text is redacted, into a bundle; --private opens a bundle alone."""
    Path("t.txt").write_text("Some words that a model wrote.\n")
    for wrong, said in (
        (("audit", "overlap", transcript, "t.txt", "--bundle", "b", "--redact"), "knows order and watermark audits"),
        (("audit", "order", transcript, "--scores", "s", "--redact"), "give --bundle too"),
        (("verify", transcript, "--private", "t.txt"), "PATH is no bundle"),
    ):
        done = run(*wrong)
        assert done.code == 2
        assert said in " ".join(done.err.split())

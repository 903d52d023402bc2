"""``provtool audit watermark`` beyond the usual: fewer queries, early stops, edited documents, recipients."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from watermark import ledger


@pytest.fixture
def told(tmp_path):
    """Give a function that writes numbers for every variant: the published one likelier in the named ledgers."""

    def write(*folders, guilty=(), shared=False):
        rows = []
        for folder in folders:
            book = ledger.read(tmp_path / folder / "ledger.parquet")
            rng = np.random.default_rng(0)
            for record in ledger.records(book):
                bonus = 3.0 * (record.variant == 0) * (folder in guilty)
                name = f"{book.release} for {book.recipient}" if shared else book.release
                number = float(rng.normal()) + bonus
                rows.append({"id": record.id, "set": name, "variant": record.variant, "loglik": number})
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "told.parquet")
        return "column:told.parquet:loglik"

    return write


@pytest.fixture
def copies(run, corpus):
    """Mark the corpus for two recipients; gives their ledgers."""
    assert run("key", "new", "r.key").code == 0
    for name in ("acme", "globex"):
        how = ("--key", "r.key", "--encoder", "none", "--recipient", name, "--out", name)
        assert run("watermark", corpus, *how).code == 0
    return "acme/ledger.parquet", "globex/ledger.parquet"


def _read(name):
    return json.loads(Path(name).read_text(encoding="utf-8"))


def test_fewer_queries_are_pairs_first(run, marked, told):
    """With --queries 60 thirty documents are asked, in pairs, and the evidence says which and of how many."""
    done = run(
        "audit",
        "watermark",
        marked / "ledger.parquet",
        "--suspect",
        told("m", guilty=["m"]),
        "--queries",
        60,
        "--out",
        "e.json",
    )
    assert done.code == 0, done.err
    found = _read("e.json")
    assert found["selection"]["asked"] == found["n"] == 30
    assert found["selection"]["of"] == 40
    assert found["selection"]["texts"] == len(pq.read_table("e.scores.parquet")) == 60
    assert found["verdict"] == "evidence"


def test_an_early_stop_saves_queries(run, marked, told):
    """A clear finding needs fewer than all documents; the kept scores give the same evidence again."""
    suspect = told("m", guilty=["m"])
    how = ("--stop-early", "--json", "--alpha", 0.01)
    done = run("audit", "watermark", marked / "ledger.parquet", "--suspect", suspect, *how, "--out", "e.json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["verdict"], found["decided_by"]) == ("evidence", "evalue")
    assert found["stopped"]["asked"] == found["n"] < 40
    assert "bound" not in found
    again = run(
        "audit", "watermark", marked / "ledger.parquet", "--scores", "e.scores.parquet", *how, "--out", "f.json"
    )
    assert json.loads(again.out)["log10_pvalue"] == found["log10_pvalue"]


def test_edited_documents_count_against_the_claim(run, marked, told, refused):
    """Two documents of the published folder were edited: they are counted, and the p-value only grows."""
    suspect = told("m", guilty=["m"])
    text = (marked / "release" / "c.jsonl").read_text()
    lines = text.splitlines(keepends=True)
    lines[3], lines[7] = lines[3].replace("Number", "No."), lines[7].replace("Number", "No.")
    (marked / "release" / "c.jsonl").write_text("".join(lines))
    how = (marked / "ledger.parquet", "--suspect", suspect)
    plain = run("audit", "watermark", *how, "--json", "--out", "a.json")
    done = run("audit", "watermark", *how, "--release", marked / "release", "--json", "--out", "b.json")
    assert done.code == 0, done.err
    before, after = json.loads(plain.out), json.loads(done.out)
    assert any("2 of 40 documents were edited after embedding" in note for note in after["caveats"])
    assert after["bound"]["log10_pvalue"] > before["bound"]["log10_pvalue"]
    assert after["auroc"]["positives"] == 38
    (marked / "release" / "c.jsonl").write_text('{"id": "d0", "text": "Something else."}\n')
    message = refused("audit", "watermark", *how, "--release", marked / "release", "--out", "c.json")
    assert "holds no document as m/ledger.parquet dealt it" in message


def test_each_recipient_is_a_claim(run, copies, told):
    """One pass of scoring, one evidence a recipient with the family in it, and a screen that decides nothing."""
    suspect = told("acme", "globex", guilty=["globex"], shared=True)
    done = run("audit", "watermark", *copies, "--suspect", suspect, "--out", "e.json")
    assert done.code == 0, done.err
    acme, globex = _read("e.copy-of-acme.json"), _read("e.copy-of-globex.json")
    assert (acme["verdict"], globex["verdict"]) == ("no-evidence", "evidence")
    assert "for 'globex'" in globex["claim"]
    assert len(globex["family"]) == 2
    assert globex["family"] == acme["family"]
    screen = {found["claim"]: found["effects"][0]["value"] for found in (acme, globex)}
    assert screen[globex["claim"]] > 0.8
    again = run("audit", "watermark", *copies, "--scores", "e.scores.parquet", "--out", "f.json")
    assert again.code == 0, again.err
    assert _read("f.copy-of-globex.json")["bound"] == globex["bound"]


def test_each_recipient_may_stop_early(run, copies, told):
    """Each claim walks by itself and keeps the answers that it took."""
    suspect = told("acme", "globex", guilty=["globex"], shared=True)
    done = run("audit", "watermark", *copies, "--suspect", suspect, "--stop-early", "--out", "e.json")
    assert done.code == 0, done.err
    assert _read("e.copy-of-globex.json")["verdict"] == "evidence"
    assert len(pq.read_table("e.copy-of-globex.scores.parquet")) < len(pq.read_table("e.copy-of-acme.scores.parquet"))


def test_usage(run, refused, told, copies):
    """As many releases as ledgers, at least two queries, and labels for one claim only; no copy twice."""
    suspect = ("--suspect", told("acme"))
    for wrong, said in (
        ((*copies, "--release", "acme/release"), "give one each"),
        ((copies[0], "--queries", 1), "--queries"),
        ((*copies, "--label", "derived"), "--label is for one claim, and these ledgers are of 2"),
    ):
        done = run("audit", "watermark", *wrong, *suspect)
        assert done.code == 2
        assert said in done.err
    assert "are both of release" in refused("audit", "watermark", copies[0], copies[0], *suspect)

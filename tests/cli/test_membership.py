"""``provtool audit membership``."""

import json

import numpy as np
import pytest

from provenance import evidence, scoring
from provenance.audits import membership

WORDS = ["house", "river", "stone", "quiet", "morning", "letter", "garden", "winter", "window", "yellow", "bridge"]


def _rows(count=120):
    """Documents of four a book, in words that chance deals."""
    rng = np.random.default_rng(0)
    return [
        {"id": f"d{row}", "book": f"b{row // 4}", "text": f"{' '.join(rng.choice(WORDS, size=14))} {row}."}
        for row in range(count)
    ]


def _write(folder, rows, into):
    for name, side in (("seen", True), ("unseen", False)):
        lines = [json.dumps(row) + "\n" for row, member in zip(rows, into, strict=True) if member == side]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def drawn(tmp_path, run):
    """Lay a drawn split on the disk, and count the members: a suspect that knows them by heart."""
    rows = _rows()
    _write(tmp_path, rows, membership.split([row["id"] for row in rows], seed=7))
    assert run("ngram", "seen.jsonl", "--out", "n.parquet").code == 0
    return "seen.jsonl", "unseen.jsonl"


def test_a_drawn_split_gives_evidence(run, drawn, tmp_path):
    """Scores and evidence stand beside the members; p is at its floor; saved scores give the same."""
    done = run("audit", "membership", *drawn, "--suspect", "ngram:n.parquet", "--split-seed", 7, "--resamples", 999)
    assert (done.code, done.out) == (0, "")
    found = evidence.read(tmp_path / "seen.membership.n.json")
    assert (found.audit, found.verdict, found.pvalue, found.n) == ("membership", "evidence", 1e-3, 120)
    assert set(found.inputs) == {"members", "nonmembers", "scores"}
    kept = tmp_path / "seen.membership.n.scores.parquet"
    assert len(scoring.read(kept).rows) == 120
    arguments = ("--scores", kept, "--split-seed", 7, "--resamples", 999, "--json")
    again = json.loads(run("audit", "membership", *drawn, *arguments).out)
    assert again["pvalue"] == 1e-3
    assert again["signals"] == list(found.signals)


def test_more_passes_say_what_they_cost_first(run, drawn, tmp_path):
    """Before anything is asked again, one line says how many texts and characters that is; saved scores hold them."""
    asked = ("--suspect", "ngram:n.parquet", "--split-seed", 7, "--resamples", 999)
    done = run("audit", "membership", *drawn, *asked, "--signal", "lower-case", "--signal", "neighbourhood")
    assert done.code == 0
    said = done.err.partition("scores of")[0]
    assert "lower-case, neighbourhood: 720 more texts of" in said
    found = evidence.read(tmp_path / "seen.membership.n.json")
    names = {one["name"] for one in found.signals if "auroc" in one}
    assert {"lower-case", "neighbourhood"} <= names
    assert "recall" not in names
    assert run("audit", "membership", *drawn, *asked, "--signal", "all").code == 0
    assert "recall" in {one["name"] for one in evidence.read(tmp_path / "seen.membership.n.json").signals}


def test_clusters_are_read_from_a_field(run, tmp_path):
    """With a split of books the books are drawn again, exchanged and, if asked, cut to as many texts."""
    rows = _rows()
    _write(tmp_path, rows, membership.split([row["book"] for row in rows], seed=2))
    assert run("ngram", "seen.jsonl", "--out", "n.parquet").code == 0
    asked = ("seen.jsonl", "unseen.jsonl", "--suspect", "ngram:n.parquet", "--cluster-field", "book")
    assert run("audit", "membership", *asked, "--split-seed", 2, "--resamples", 999).code == 0
    found = evidence.read(tmp_path / "seen.membership.n.json")
    assert found.n == 120
    assert any("120 texts are of 30 clusters" in caveat for caveat in found.caveats)
    assert run("audit", "membership", *asked, "--split-seed", 2, "--per-cluster", 3, "--resamples", 999).code == 0
    assert evidence.read(tmp_path / "seen.membership.n.json").n == 90


def test_mistakes_are_said_in_one_line(refused, drawn, tmp_path):
    """The same texts twice, another seed, a field that is not there, and plain text without fields."""
    seen, unseen = drawn
    asked = ("--suspect", "ngram:n.parquet")
    assert "texts stand on both sides: d" in refused("audit", "membership", seen, seen, *asked)
    assert "than seed 8, share 0.5" in refused("audit", "membership", seen, unseen, *asked, "--split-seed", 8)
    wrong = refused("audit", "membership", seen, unseen, *asked, "--cluster-field", "bok")
    assert wrong.startswith("seen.jsonl:1: no field 'bok'; expected one of id, book, text; try --cluster-field book")
    (tmp_path / "plain.txt").write_text("No fields here.\n", encoding="utf-8")
    plain = refused("audit", "membership", seen, "plain.txt", *asked, "--cluster-field", "book")
    assert plain == "plain.txt: plain text has no field 'book'; try leaving --cluster-field out"


def test_signals_are_asked_of_models(run, drawn):
    """Saved scores hold what they hold: --signal beside them is a mistake of usage."""
    done = run("audit", "membership", *drawn, "--scores", "x.parquet", "--signal", "all")
    assert done.code == 2
    assert "--signal says what to ask a model" in done.err


def test_sums_from_elsewhere(run, drawn, tmp_path):
    """A column with one sum a text measures what sums can; the rest is not measured, with reasons."""
    rows = [json.loads(line) for name in drawn for line in (tmp_path / name).read_text().splitlines()]
    lines = [json.dumps({"id": row["id"], "ll": -float(sum(map(ord, row["text"])))}) + "\n" for row in rows]
    (tmp_path / "c.jsonl").write_text("".join(lines), encoding="utf-8")
    asked = ("--suspect", "column:c.jsonl:ll", "--split-seed", 7, "--out", "e.json")
    assert run("audit", "membership", *drawn, *asked).code == 0
    found = evidence.read(tmp_path / "e.json")
    assert {one["name"] for one in found.signals if "auroc" in one} == {"mean-logprob", "zlib"}
    assert found.verdict == "no-evidence"

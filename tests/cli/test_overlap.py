"""``provtool audit overlap``."""

import json

import numpy as np
import pytest

from cli.audits import overlap as cli_overlap
from provenance import evidence
from provenance.audits.overlap import finding, holding

WORDS = [f"word{number}" for number in range(300)]


@pytest.fixture
def seen(run, tmp_path):
    """Import 120 examples of random words in a random order; gives their texts from the first to the last."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=30)) for _ in range(120)]
    order = rng.permutation(120)
    rows = [{"id": f"e{row}", "position": int(order[row]), "text": texts[row]} for row in range(120)]
    (tmp_path / "seen.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = run("transcript", "import", "seen.jsonl", "--shuffle", "full", "--out", "run.parquet")
    assert done.code == 0, done.err
    return [texts[row] for row in np.argsort(order)]


def test_a_text_of_a_descendant_is_found(run, seen, tmp_path):
    """Texts that quote the end of the run are evidence, written beside the transcript and said on stderr."""
    (tmp_path / "theirs.txt").write_text("\n\n".join(seen[-30:]))
    done = run("audit", "overlap", "run.parquet", "theirs.txt", "--fail-on", "evidence")
    assert (done.code, done.out) == (3, "")
    found = evidence.read(tmp_path / "run.overlap.theirs.json")
    assert (found.verdict, found.audit) == ("evidence", "overlap")
    assert "overlap of theirs.txt" in done.err
    assert done.err.endswith("next: provtool report run.overlap.theirs.json --out run.overlap.theirs.report.html\n")
    reported = run("report", "run.overlap.theirs.json", "--out", "r.html")
    assert reported.code == 0, reported.err


def test_texts_come_in_any_format_or_a_pipe(run, seen, tmp_path):
    """Plain text, JSON lines under any field, a folder, and both through standard input give the same numbers."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text(seen[-1])
    (tmp_path / "theirs.jsonl").write_text(json.dumps({"name": "x", "body": seen[-1]}) + "\n")
    fields = ["--text-field", "body", "--id-field", "name"]
    found = [
        json.loads(run("audit", "overlap", "run.parquet", *arguments, "--out", "-", stdin=given).out)
        for arguments, given in (
            (["texts"], b""),
            (["theirs.jsonl", *fields], b""),
            (["-"], seen[-1].encode()),
            (["-", *fields], (tmp_path / "theirs.jsonl").read_bytes()),
        )
    ]
    assert len({json.dumps(one["statistic"]) for one in found}) == 1
    assert found[2]["suspect"]["suspect"] == "-"


def test_what_counts_can_be_chosen(run, seen, tmp_path):
    """Lengths and limits given on the command line are those in the evidence."""
    (tmp_path / "theirs.txt").write_text(seen[-1])
    chosen = ["--max-ngram", "3", "--max-df", "7", "--resamples", "999", "--seed", "5", "--json"]
    found = json.loads(run("audit", "overlap", "run.parquet", "theirs.txt", *chosen).out)
    assert "n ≤ 3" in found["pvalue_method"]
    assert "document frequency up to 7" in found["pvalue_method"]
    assert "resamples=999" in found["pvalue_method"]
    assert found["seed"] == 5


def test_the_defaults_are_the_librarys():
    """Help names what the library takes, without importing it."""
    assert (cli_overlap.MAX_NGRAM, cli_overlap.MAX_DF) == (holding.MAX_NGRAM, holding.MAX_DF)
    assert finding.DEFAULT_RESAMPLES == 9_999


def test_bad_input_is_one_line(run, seen, refused, tmp_path):
    """No transcript, no texts, empty texts, a table of another kind, nothing to compare: one line, exit 1."""
    (tmp_path / "theirs.txt").write_text(seen[0])
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "dots.txt").write_text("…")
    assert "no such file" in refused("audit", "overlap", "none.parquet", "theirs.txt")
    assert "no such file" in refused("audit", "overlap", "run.parquet", "none.txt")
    assert "no documents in it" in refused("audit", "overlap", "run.parquet", "empty.txt")
    assert "the texts have no words" in refused("audit", "overlap", "run.parquet", "dots.txt")
    assert "try provtool transcript import theirs.txt" in refused("audit", "overlap", "theirs.txt", "theirs.txt")
    assert run("audit", "overlap", "run.parquet", "theirs.txt", "--max-df", "0").code == 2
    assert run("audit", "overlap", "run.parquet").code == 2

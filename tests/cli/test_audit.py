"""``provtool audit``."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from provenance import evidence, scoring


@pytest.fixture
def ledger(marked):
    """Give the ledger of the marked corpus."""
    return marked / "ledger.parquet"


def test_an_order_audit_leaves_scores_and_evidence_behind(run, transcript, random_model, tmp_path):
    """Evidence stands beside the transcript, scores beside it, and the next step is said and can be taken."""
    done = run("audit", "order", transcript, "--suspect", random_model, "--window", "4:8", "--resamples", 999)
    assert done.code == 0
    assert done.out == ""
    found = evidence.read(tmp_path / f"run.order.{Path(random_model).name}.json")
    assert (found.audit, found.n) == ("order", 60)
    assert len(scoring.read(tmp_path / f"run.order.{Path(random_model).name}.scores.parquet").rows) == 60
    stem = f"run.order.{Path(random_model).name}"
    assert done.err.splitlines()[-1] == f"next: provtool report {stem}.json --out {stem}.report.html"
    assert max(map(len, done.err.splitlines()[1:-1])) <= 80
    assert run(*done.err.splitlines()[-1].split()[2:]).code == 0


@pytest.mark.parametrize("name", ["order", "watermark"])
def test_saved_scores_give_the_same_evidence(run, transcript, ledger, counts, tmp_path, name):
    """--scores in place of --suspect, and references likewise: the same bytes, without a model."""
    source = {"order": transcript, "watermark": ledger}[name]
    run("ngram", source, "--out", "other.parquet", "--order", 2)
    window = ["--window", "4:8"]
    asked = [
        "audit",
        name,
        source,
        *window,
        "--suspect",
        counts,
        "--reference",
        "ngram:other.parquet",
        "--out",
        "a.json",
    ]
    assert run(*asked).code == 0
    shutil.copy("other.parquet", "again.parquet")
    kept = ["--scores", "a.scores.parquet", "--reference-scores", "a.reference-1.scores.parquet"]
    assert run("audit", name, source, *kept, "--out", "b.json").code == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize("kept", ["scores", "reference-1.scores"])
def test_who_is_asked_beside_kept_answers_is_asked_about_the_same(run, transcript, counts, tmp_path, kept):
    """Answers of another window, such as those of an earlier version, settle what is asked of the others."""
    run("ngram", transcript, "--out", "other.parquet", "--order", 2)
    both = ["--suspect", counts, "--reference", "ngram:other.parquet"]
    assert run("audit", "order", transcript, *both, "--window", "3:4", "--out", "a.json").code == 0
    old = ["--scores" if kept == "scores" else "--reference-scores", f"a.{kept}.parquet"]
    asked = both[2:] if kept == "scores" else both[:2]
    assert run("audit", "order", transcript, *old, *asked, "--out", "b.json").code == 0
    one, two = (evidence.read(tmp_path / name) for name in ("a.json", "b.json"))
    assert (one.suspect["window"], one.pvalue, one.statistic) == ("3:4", two.pvalue, two.statistic)
    new = next(path for path in tmp_path.glob("b.*scores.parquet"))
    assert scoring.read(new).window == "3:4"


@pytest.mark.parametrize("kept", ["scores", "reference-1.scores"])
def test_kept_answers_about_all_tokens_are_no_answers_about_a_window(run, transcript, counts, tmp_path, kept):
    """Whoever is asked beside them is asked about all tokens; a window is refused before anybody is asked."""
    run("ngram", transcript, "--out", "other.parquet", "--order", 2)
    both = ["--suspect", counts, "--reference", "ngram:other.parquet"]
    assert run("audit", "order", transcript, *both, "--window", "0:99", "--out", "a.json").code == 0
    whole = scoring.read(tmp_path / f"a.{kept}.parquet")
    scoring.save(dataclasses.replace(whole, window=None), tmp_path / "kept.parquet")
    old = ["--scores" if kept == "scores" else "--reference-scores", "kept.parquet"]
    asked = both[2:] if kept == "scores" else both[:2]
    refused = run("audit", "order", transcript, *old, *asked, "--window", "3:4", "--out", "b.json")
    assert refused.code == 1
    assert "kept.parquet: --window 3:4, and these are scores of all tokens; expected the same tokens" in refused.err
    assert not list(tmp_path.glob("b.*"))
    assert run("audit", "order", transcript, *old, *asked, "--out", "b.json").code == 0
    assert scoring.read(next(tmp_path.glob("b.*scores.parquet"))).window is None


def test_json_on_standard_output_is_pure(run, ledger, counts, tmp_path):
    """--json and --out - print the evidence and nothing else; with - no evidence file is written."""
    done = run("audit", "watermark", ledger, "--suspect", counts, "--json", "--out", "e.json")
    assert json.loads(done.out) == json.loads((tmp_path / "e.json").read_text())
    before = {path.name for path in ledger.parent.iterdir()}
    done = run("audit", "watermark", ledger, "--suspect", counts, "--out", "-")
    assert evidence.from_json(json.loads(done.out)).audit == "watermark"
    assert "verdict" in done.err
    assert {path.name for path in ledger.parent.iterdir()} == before | {"ledger.watermark.n.scores.parquet"}
    assert not (tmp_path / "-").exists()


def test_several_suspects_have_one_file_each(run, ledger, counts, corpus, tmp_path):
    """Evidence and scores are numbered; on standard output each finding is one line."""
    run("ngram", corpus, "--out", "n2.parquet", "--order", 2)
    two = ["--suspect", counts, "--suspect", "ngram:n2.parquet"]
    done = run("audit", "watermark", ledger, *two, "--json", "--out", "e.json")
    assert done.code == 0
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["suspect"]["suspect"] for line in lines] == [counts, "ngram:n2.parquet"]
    for index, line in enumerate(lines, start=1):
        assert json.loads((tmp_path / f"e-{index}.json").read_text()) == line
        assert (tmp_path / f"e-{index}.scores.parquet").exists()
    assert not (tmp_path / "e.json").exists()


def test_a_verdict_can_fail_the_command(run, ledger, counts):
    """--fail-on gives exit 3 on its verdict, 0 on any other; the evidence is written all the same."""
    base = ["audit", "watermark", ledger, "--suspect", counts, "--out", "e.json"]
    verdict = json.loads(run(*base, "--json").out)["verdict"]
    others = sorted({"evidence", "no-evidence", "inconclusive"} - {verdict})
    assert run(*base, "--fail-on", verdict).code == 3
    assert run(*base, *[part for other in others for part in ("--fail-on", other)]).code == 0


def test_a_key_is_checked_against_the_ledger(run, ledger, counts, refused):
    """The key that dealt passes; another is refused before the suspect is asked."""
    assert run("audit", "watermark", ledger, "--suspect", counts, "--key", "r.key", "--out", "e.json").code == 0
    run("key", "new", "other.key")
    message = refused("audit", "watermark", ledger, "--suspect", counts, "--key", "other.key", "--out", "f.json")
    assert message.startswith("m/ledger.parquet: dealt by key ")


def test_a_release_counts_once(run, ledger, counts, refused):
    """The same ledger twice would count every document twice: refused."""
    message = refused("audit", "watermark", ledger, ledger, "--suspect", counts)
    assert "expected ledgers of different releases, or of copies for different recipients" in message
    run("watermark", "c.jsonl", "--key", "r.key", "--out", "n", "--release-name", "second")
    assert run("audit", "watermark", ledger, "n/ledger.parquet", "--suspect", counts, "--out", "e.json").code == 0


def test_scores_of_other_files_are_refused(run, ledger, counts, refused):
    """Scores name what was scored; those of another ledger are no answer."""
    run("score", "c.jsonl", "--suspect", counts, "--out", "s.parquet")
    message = refused("audit", "watermark", ledger, "--scores", "s.parquet", "--out", "e.json")
    assert "were made from other files than the ones given" in message


def test_scores_come_through_a_pipe(run, ledger, counts, tmp_path):
    """``--scores -`` reads standard input."""
    content = run("score", ledger, "--suspect", counts, "--out", "-").raw
    (tmp_path / "s.parquet").write_bytes(content)
    for name, scores in (("a", "s.parquet"), ("b", "-")):
        assert run("audit", "watermark", ledger, "--scores", scores, "--out", f"{name}.json", stdin=content).code == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(
    "options",
    [[], ["--suspect", "x", "--scores", "y"], ["--scores", "y", "--window", "1:2"], ["--reference", "hf:none"]],
)
def test_contradictory_options_are_usage(run, ledger, options):
    """Neither or both of --suspect and --scores, or a window for answers kept: exit 2, before anything is asked."""
    done = run("audit", "watermark", ledger, *options, "--out", "e.json")
    assert done.code == 2
    assert "--suspect" in done.err or "--window" in done.err

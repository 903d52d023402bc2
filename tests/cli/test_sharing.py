"""``provtool score`` in shards: shared out, interrupted, and what it will cost."""

import re

import pytest

from cli import answers
from provenance import estimates, questions, scoring
from provenance.suspects.ngram import NgramModel


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Let a shard end after ten texts."""
    monkeypatch.setattr(questions, "MOST_TEXTS", 10)


@pytest.fixture
def whole(run, corpus, counts, tmp_path):
    """Give the bytes of a table that nothing interrupted."""
    done = run("score", corpus, "--suspect", counts, "--out", "whole.parquet")
    assert (done.code, done.err) == (0, "40 texts scored as text in whole.parquet\n")
    return (tmp_path / "whole.parquet").read_bytes()


@pytest.fixture
def ends_at(monkeypatch):
    """Give a function that lets the suspect be interrupted at the given shard, once."""
    score, left = NgramModel.score, []

    def stopping(self, records, **how):
        left[:] = [number - 1 for number in left]
        if left == [0]:
            raise KeyboardInterrupt
        return score(self, records, **how)

    monkeypatch.setattr(NgramModel, "score", stopping)
    return lambda number: left.__setitem__(slice(None), [number])


def test_shares_make_the_table_together(run, corpus, counts, whole, tmp_path):
    """Three runs with --shard leave the bytes of one; the last one says that the table is there; more ask nothing."""
    asked = ("score", corpus, "--suspect", counts, "--out", "s.parquet", "--shard")
    for number, rest in ((3, 3), (1, 1)):
        assert run(*asked, f"{number}/3").err.startswith(f"share done; {rest} of 4 shards are still to come: the last")
        assert not (tmp_path / "s.parquet").exists()
    assert run(*asked, "2/3").err == "40 texts scored as text in s.parquet\n"
    assert (tmp_path / "s.parquet").read_bytes() == whole
    assert not (tmp_path / "s.parquet.shards").exists()
    assert "s.parquet holds these answers already" in run(*asked, "2/3").err
    assert not (tmp_path / "s.parquet.shards").exists()


def test_an_interrupted_score_goes_on(run, corpus, counts, whole, ends_at, tmp_path):
    """Ctrl-C says what is kept and how to go on, and the same command does."""
    asked = ("score", corpus, "--suspect", counts, "--out", "s.parquet")
    ends_at(3)
    done = run(*asked)
    assert done.code == 130
    assert done.err.startswith("2 of 4 shards are kept in s.parquet.shards; the same command goes on from there\n")
    assert run(*asked).err == "going on: 2 of 4 shards are done\n40 texts scored as text in s.parquet\n"
    assert (tmp_path / "s.parquet").read_bytes() == whole


def test_other_settings_do_not_go_on(run, corpus, counts, ends_at, refused):
    """Shards of another window are refused in one line that says what differs."""
    ends_at(3)
    assert run("score", corpus, "--suspect", counts, "--out", "s.parquet").code == 130
    message = refused("score", corpus, "--suspect", counts, "--out", "s.parquet", "--window", "1:9")
    assert message.startswith(
        "s.parquet.shards: an interrupted run was scored with another window (none, now 1:9); expected the same"
    )


def test_an_interrupted_audit_goes_on(run, marked, counts, ends_at):
    """An audit that was cut short at the reference does not ask the suspect again, and finds the same."""
    audit = ("audit", "watermark", marked / "ledger.parquet", "--suspect", counts, "--reference", "ngram:other.parquet")
    assert run("ngram", marked / "release", "--out", "other.parquet").code == 0
    assert run(*audit, "--out", "one.json").code == 0
    ends_at(22)
    assert run(*audit, "--out", "two.json").code == 130
    done = run(*audit, "--out", "two.json", "--json")
    assert "two.scores.parquet holds these answers already: remove it to ask again" in done.err
    assert re.search(r"going on: \d+ of \d+ shards are done", done.err)
    strip = re.compile(r'"(time|out)": "[^"]*"')
    assert strip.sub("", done.out) == strip.sub("", run(*audit, "--out", "one.json", "--json").out)


def test_a_dry_run_says_what_it_would_take_and_leaves_nothing(run, corpus, counts, tmp_path):
    """Texts, tokens and time, and no file."""
    before = sorted(tmp_path.iterdir())
    done = run("score", corpus, "--suspect", counts, "--out", "s.parquet", "--dry-run")
    size = sum(len(text.text) for text in sources_of(corpus))
    lines = [" ".join(line.split()) for line in done.err.splitlines()]
    assert done.code == 0
    assert lines[:2] == ["texts to ask 40, in 4 of 4 shards", f"tokens {size:,}"]
    assert re.fullmatch(r"time about \d+ seconds?, as the first batches went", lines[2])
    assert not lines[3:]
    assert sorted(tmp_path.iterdir()) == before


def test_what_has_a_price_is_told_its_cost():
    """Tokens that were not all counted make the cost an approximate one too."""
    found = estimates.Estimate(texts=9, tokens=3_000_000, exact=False, seconds=7_300)
    assert answers._rows(found, 7_300, 0.5, shards=(2, 3)) == [
        ("texts to ask", "9, in 2 of 3 shards"),
        ("tokens", "about 3,000,000"),
        ("time", "about 2 hours, as the first batches went"),
        ("cost", "about 1.50 at 0.5 a million tokens"),
    ]


def sources_of(corpus):
    """Give the records of a corpus."""
    from cli import sources

    return sources.read([corpus]).records


@pytest.fixture
def _long(monkeypatch):
    """Let every scoring count as a long one, with somebody at the terminal."""
    monkeypatch.setattr(answers, "TRIED_FROM", 0)
    monkeypatch.setattr(answers, "ASKED_FROM", 0)
    monkeypatch.setattr(answers, "_terminal", lambda: True)


@pytest.mark.usefixtures("_long")
@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 130), (b"y\n", 0)])
def test_a_long_scoring_asks_first(run, corpus, counts, tmp_path, answer, code):
    """At a terminal, what will take more than ten minutes begins only after a yes; --yes asks nothing."""
    asked = ("score", corpus, "--suspect", counts, "--out", "s.parquet")
    done = run(*asked, stdin=answer)
    assert (done.code, "Go on?" in done.err) == (code, True)
    assert (tmp_path / "s.parquet").exists() == (code == 0)
    (tmp_path / "s.parquet").unlink(missing_ok=True)
    assert "Go on?" not in run(*asked, "--yes").err


def test_processes_make_the_same_table(run, corpus, counts, whole, tmp_path):
    """--workers 2 leaves the bytes of one process."""
    assert run("score", corpus, "--suspect", counts, "--out", "s.parquet", "--workers", 2).code == 0
    assert (tmp_path / "s.parquet").read_bytes() == whole


def test_a_model_makes_the_same_table(run, transcript, random_model, tmp_path):
    """A Hugging Face model asked shard by shard, in two shares, leaves the bytes of one run, and of the library."""
    asked = ("score", transcript, "--suspect", random_model, "--window", "4:8", "--out")
    assert run(*asked, "one.parquet").code == 0
    assert run(*asked, "two.parquet", "--shard", "1/2").code == 0
    assert run(*asked, "two.parquet", "--shard", "2/2").code == 0
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert len(scoring.read(tmp_path / "two.parquet").rows) == 60


@pytest.mark.parametrize("part", ["0/3", "4/3", "1", "a/b", "1/0"])
def test_a_share_is_one_of_those_there_are(run, corpus, counts, part):
    """Anything but I/N with I from 1 to N is a usage error."""
    done = run("score", corpus, "--suspect", counts, "--out", "s.parquet", "--shard", part)
    assert done.code == 2
    assert "is no I/N with I from 1 to N, such as 1/8" in " ".join(done.err.split())


def test_shares_do_not_meet_in_a_stream(run, corpus, counts):
    """--shard wants a file."""
    done = run("score", corpus, "--suspect", counts, "--out", "-", "--shard", "1/2")
    assert done.code == 2
    assert "give --out FILE with --shard" in done.err


def test_a_stream_is_scored_in_shards_too(run, corpus, counts, whole):
    """Standard output gets the bytes of the file."""
    assert run("score", corpus, "--suspect", counts, "--out", "-").raw == whole

"""A scoring done shard by shard: whoever is killed, and wherever, the table has the bytes of one that was not."""

import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

from provenance import questions, resuming, scoring, shards, storage, unfinished
from provenance.errors import InputError, MismatchError, SuspectError
from provenance.records import Record, Score, Window
from provenance.suspects import ngram

RECORDS = tuple(
    Record(id=f"d{row}", text=f"Text {row % 25} of a corpus, " + "again and " * (row % 7), variant=row % 2)
    for row in range(40)
)
"""Forty records of fewer distinct texts."""


@dataclasses.dataclass(frozen=True)
class Spelt:
    """A real suspect in ten lines: a letter's log-probability is minus its code point over 100; some give no spread."""

    asked: list = dataclasses.field(default_factory=list)
    tokenizer: None = None
    identity: dict = dataclasses.field(default_factory=lambda: {"suspect": "spelt", "kind": "fake", "dtype": "float32"})
    breaks_at: int | None = None

    def score(self, records, *, window, progress):
        """Answer letter by letter, until it breaks."""
        for done, record in enumerate(records, start=1):
            if len(self.asked) == self.breaks_at:
                raise SuspectError("gone away")
            self.asked.append(record.text)
            logs = np.float32([-ord(letter) / 100 for letter in record.text])[window.start if window else 0 :]
            yield Score(id=record.id, logprob=logs, mean=logs if done % 2 else None, tokens=tuple(range(len(logs))))
            progress(done, len(records))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Let a shard end after three texts."""
    monkeypatch.setattr(questions, "MOST_TEXTS", 3)


@pytest.fixture
def whole(tmp_path):
    """Give the bytes of the table that is scored in one go, in memory."""
    scoring.score(RECORDS, suspect=Spelt(), inputs={"corpus": "0"}, out=tmp_path / "whole.parquet")
    return (tmp_path / "whole.parquet").read_bytes()


def opened(out, suspect, *, records=RECORDS, window=None, share=None, settings=None):
    """Open the scoring of all records."""
    asked = questions.prepare(records, suspect, window=window, tokenizer=None)
    header = scoring.header(asked, suspect, window=window, inputs={"corpus": "0"})
    return unfinished.opened(asked, suspect, header=header, out=out, share=share, settings=settings)


def finish(out, suspect, *, share=None, **how):
    """Do what is to be done, and say whether the table was made."""
    seen = []
    with opened(out, suspect, share=share, **how) as work:
        todo = work.todo()
        resuming.run(work, todo, progress=lambda done, total: seen.append((done, total)))
        assert seen == sorted(seen)
        assert all(done <= total for done, total in seen)
        return resuming.merge(work)


def test_shards_give_the_bytes_of_one_go(tmp_path, whole):
    """The table made of shards on the disk is the one held in memory, and nothing else is left."""
    suspect = Spelt()
    assert finish(tmp_path / "s.parquet", suspect)
    assert (tmp_path / "s.parquet").read_bytes() == whole
    assert len(suspect.asked) == len({record.text for record in RECORDS})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.parquet", "whole.parquet"]


def test_a_suspect_that_goes_away_loses_one_shard(tmp_path, whole):
    """What was answered before it broke is not asked again, except in the shard that was in hand."""
    broken, later = Spelt(breaks_at=10), Spelt()
    with pytest.raises(SuspectError, match="gone away"):
        finish(tmp_path / "s.parquet", broken)
    assert not (tmp_path / "s.parquet").exists()
    assert finish(tmp_path / "s.parquet", later)
    assert (tmp_path / "s.parquet").read_bytes() == whole
    assert set(broken.asked) & set(later.asked) == set(broken.asked[9:])


def test_nothing_done_leaves_nothing(tmp_path):
    """A suspect that breaks in the first shard leaves no folder behind."""
    with pytest.raises(SuspectError):
        finish(tmp_path / "s.parquet", Spelt(breaks_at=1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("how", ["cut", "altered", "gone", "line-gone", "line-cut", "line-list"])
def test_a_damaged_shard_is_found_and_redone(tmp_path, whole, how):
    """Whatever happens to a shard or to its line, it is asked again, and no other is."""
    with opened(tmp_path / "s.parquet", Spelt()) as work:
        resuming.run(work, work.todo())
        damage(work.path(2), how)
        assert work.missing() == [2]
        assert not resuming.merge(work)
    later = Spelt()
    assert finish(tmp_path / "s.parquet", later)
    assert len(later.asked) == 3
    assert (tmp_path / "s.parquet").read_bytes() == whole


def damage(path, how):
    """Do one kind of harm to a shard."""
    line, content = path.with_suffix(".json"), path.read_bytes()
    match how:
        case "cut":
            path.write_bytes(content[:-20])
        case "altered":
            path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
        case "gone":
            path.unlink()
        case "line-gone":
            line.unlink()
        case "line-cut":
            line.write_text(line.read_text()[:30])
        case "line-list":
            line.write_text("[]")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"suspect": Spelt(identity={**Spelt().identity, "dtype": "bfloat16"})},
            "another dtype (float32, now bfloat16)",
        ),
        ({"window": Window(start=1, length=9)}, "another window (none, now 1:9)"),
        ({"settings": {"batch_tokens": 9}}, "another batch_tokens (none, now 9)"),
        ({"records": RECORDS[1:]}, "another lot of texts ("),
    ],
)
def test_other_settings_are_refused(tmp_path, change, message):
    """Shards of another model, window, batch size or corpus are never pooled, and what differs is said."""
    with opened(tmp_path / "s.parquet", Spelt()) as work:
        resuming.run(work, [0])
    how = {"suspect": Spelt(), **change}
    with pytest.raises(MismatchError, match=re.escape(message)), opened(tmp_path / "s.parquet", **how):
        pass
    assert len(list((tmp_path / "s.parquet.shards").glob("*.arrow"))) == 1


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_shares_make_the_same_table(tmp_path, whole, order):
    """Three runs do a third each, in any order; the last one makes the table, and no text is asked twice."""
    suspect, out = Spelt(), tmp_path / "s.parquet"
    made = [finish(out, suspect, share=unfinished.Share(number=number, of=3)) for number in order]
    assert made == [False, False, True]
    assert out.read_bytes() == whole
    assert len(suspect.asked) == len(set(suspect.asked))
    assert not unfinished.place(out).exists()


def test_of_runs_that_end_together_the_last_one_makes_the_table(tmp_path, whole):
    """A share whose fellows are still open leaves the table to them; a whole run waits for none and is refused."""
    suspect, out = Spelt(), tmp_path / "s.parquet"
    with opened(out, suspect, share=unfinished.Share(number=1, of=2)) as first:
        resuming.run(first, first.todo())
        with opened(out, suspect, share=unfinished.Share(number=2, of=2)) as second:
            resuming.run(second, second.todo())
            assert not resuming.merge(second)
        with pytest.raises(InputError, match="another run is at work there"), opened(out, suspect):
            pass
        assert resuming.merge(first)
    assert out.read_bytes() == whole


def test_a_run_without_a_share_takes_over(tmp_path, whole):
    """A plain run goes on from what shares have left."""
    suspect, out = Spelt(), tmp_path / "s.parquet"
    finish(out, suspect, share=unfinished.Share(number=2, of=3))
    assert finish(out, suspect)
    assert out.read_bytes() == whole
    assert len(suspect.asked) == len(set(suspect.asked))


def test_a_share_is_one_of_those_there_are():
    """Shares are counted from 1."""
    for number, of in ((0, 2), (3, 2), (1, 0)):
        with pytest.raises(ValueError, match="share"):
            unfinished.Share(number=number, of=of)


def test_a_disk_without_locks_still_works(tmp_path, whole, monkeypatch):
    """Where locks are not to be had a plain run makes the table, and shares leave it to one."""

    def refuse(_handle, _how):
        raise OSError(95, "not supported")

    monkeypatch.setattr(unfinished.fcntl, "flock", refuse)
    suspect, out = Spelt(), tmp_path / "s.parquet"
    assert not finish(out, suspect, share=unfinished.Share(number=1, of=1))
    assert finish(out, suspect)
    assert out.read_bytes() == whole


def test_rows_are_put_together_in_any_pieces(tmp_path, whole, monkeypatch):
    """However few rows are put together at once, the table is the same."""
    monkeypatch.setattr(resuming, "ROWS_AT_ONCE", 17)
    assert finish(tmp_path / "s.parquet", Spelt())
    assert (tmp_path / "s.parquet").read_bytes() == whole


@dataclasses.dataclass(frozen=True)
class Tight(Spelt):
    """One that halves a batch with every text of even length."""

    @property
    def halved(self):
        """Count these texts."""
        return sum(len(text) % 2 == 0 for text in self.asked)


def test_a_table_says_how_often_memory_did_not_suffice(tmp_path, whole):
    """Halved batches stand in the shards' lines, in the table and in what is read of it; of none nothing is said."""
    suspect, texts = Tight(), {record.text for record in RECORDS}
    expected = sum(len(text) % 2 == 0 for text in texts)
    asked = questions.prepare(RECORDS, suspect, window=None, tokenizer=None)
    header = scoring.header(asked, suspect, window=None, inputs={"corpus": "0"})
    with unfinished.opened(asked, suspect, header=header, out=tmp_path / "t.parquet") as work:
        resuming.run(work, work.todo())
        lines = [json.loads(path.read_text()) for path in work.folder.glob("0*.json")]
        assert sum(line["halved"] for line in lines) == expected > 0
        assert resuming.merge(work)
    found = scoring.read(tmp_path / "t.parquet")
    assert found.halved == expected
    assert scoring.is_of(tmp_path / "t.parquet", header)
    at_once = scoring.score(RECORDS, suspect=Tight(), inputs={"corpus": "0"}, out=tmp_path / "u.parquet")
    assert at_once.halved == expected
    assert (tmp_path / "u.parquet").read_bytes() == (tmp_path / "t.parquet").read_bytes() != whole


def test_a_line_says_who_was_asked(tmp_path):
    """Beside each shard stands its digest, who was asked, and the digest of the settings."""
    with opened(tmp_path / "s.parquet", Spelt()) as work:
        resuming.run(work, [1])
        line = json.loads(work.path(1).with_suffix(".json").read_text())
        assert line["sha256"] == storage.digest(work.path(1))
        assert (line["shard"], line["texts"], line["dtype"], len(line["settings"])) == (1, 3, "float32", 64)
        assert shards.read(work.path(1)).schema == shards.ANSWER


PROGRAM = """
import sys, time
from provenance import questions, resuming, scoring, shards, storage, unfinished
from tests_resuming import RECORDS, Spelt, opened
questions.MOST_TEXTS = 3
write = shards.write
def slowly(job, answers, **how):
    if job.path.name == "000004.arrow":
        with open(job.path, "wb") as half:
            half.write(b"ARROW1")
        print("half", flush=True)
        time.sleep(60)
    write(job, answers)
shards.write = slowly
with opened(sys.argv[1], Spelt()) as work:
    resuming.run(work, work.todo())
"""


def test_a_killed_process_loses_the_shard_in_hand(tmp_path, whole):
    """SIGKILL while a shard is half written: the next run keeps the four before it and makes the same bytes."""
    (tmp_path / "tests_resuming.py").write_text(Path(__file__).read_text())
    out = tmp_path / "s.parquet"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM, str(out)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    later = Spelt()
    with opened(out, later) as work:
        assert work.missing()[0] == 4
        assert len(work.asked.shards) - len(work.missing()) == 4
    assert finish(out, later)
    assert out.read_bytes() == whole
    assert len(later.asked) == len({record.text for record in RECORDS}) - 12


def test_processes_make_the_same_table(tmp_path):
    """Two processes, each with the model for itself, leave the bytes of one; a killed one is said, and gone on from."""
    ngram.count(RECORDS, out=tmp_path / "n.parquet", inputs={})
    model, out = ngram.load(str(tmp_path / "n.parquet")), tmp_path / "s.parquet"
    scoring.score(RECORDS, suspect=model, inputs={"corpus": "0"}, out=tmp_path / "whole.parquet")
    crew = resuming.Crew(name=f"ngram:{tmp_path / 'n.parquet'}", options=(), workers=2)
    seen = []
    with opened(out, model) as work:
        resuming.run(work, work.todo(), crew=crew, progress=lambda done, total: seen.append(done / total))
        assert seen == sorted(seen)
        assert seen[-1] == 1
        assert resuming.merge(work)
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_process_that_finds_another_model_says_so(tmp_path):
    """A model that was exchanged between the processes' looks at it is refused."""
    ngram.count(RECORDS, out=tmp_path / "n.parquet", inputs={})
    model = ngram.load(str(tmp_path / "n.parquet"))
    ngram.count(RECORDS[:9], out=tmp_path / "n.parquet", inputs={})
    crew = resuming.Crew(name=f"ngram:{tmp_path / 'n.parquet'}", options=(), workers=2)
    with opened(tmp_path / "s.parquet", model) as work, pytest.raises(MismatchError, match="not the same in every"):
        resuming.run(work, work.todo(), crew=crew)


def test_a_process_that_was_killed_is_said(tmp_path, monkeypatch):
    """Where the system takes a process away, say for its memory, the user reads what to try; what was done stays."""
    monkeypatch.setattr(resuming.processes, "in_order", broken)
    crew = resuming.Crew(name="any", options=(), workers=2)
    with opened(tmp_path / "s.parquet", Spelt()) as work:
        resuming.run(work, [0])
        with pytest.raises(SuspectError, match=r"a process that asked the suspect was killed.*fewer --workers"):
            resuming.run(work, work.todo(), crew=crew)
        assert 0 not in work.missing()


@contextlib.contextmanager
def broken(*_arguments, **_how):
    """Give no results, as a pool does whose process was killed."""
    raise BrokenProcessPool
    yield

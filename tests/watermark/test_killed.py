"""A run that is killed with SIGKILL, wherever that strikes, goes on and ends in the same bytes."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from watermark import embedding
from watermark.keys import Key

KEY = Key(secret=bytes(range(32)), id="test")
DOCUMENTS = 30
RUN = """
import os, signal, sys
from provenance import artifacts, storage
from watermark import embedding, parts
from watermark.keys import Key

parts.MOST_DOCUMENTS = 2
corpus, out, moment, resume, workers = sys.argv[1:]


def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def progress(done, _total):
    print(done, flush=True)
    if done == 6 and moment == "rows":  # with half of the next part on the disk
        flush = artifacts.TableWriter._flush
        artifacts.TableWriter._flush = lambda writer: (flush(writer), kill())
    if done == 6 and moment == "seal":  # with a whole part that has no digest yet
        storage.digest = kill


if __name__ == "__main__":
    key = Key(secret=bytes(range(32)), id="test")
    embedding.release(corpus, key=key, out=out, progress=progress, resume=bool(resume), workers=int(workers))
"""


def start(corpus, out, *, moment="", resume=True, workers=1):
    """Begin a release in a process of its own, in parts of two documents."""
    command = [sys.executable, "-c", RUN, str(corpus), str(out), moment, "yes" if resume else "", str(workers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def contents(folder):
    """Give every file under a folder with its bytes."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def children(pid):
    """Give the processes that a process has started."""
    return [int(place.name) for place in Path("/proc").glob("[0-9]*") if f"PPid:\t{pid}\n" in status(place.name)]


def is_running(pid):
    """Say whether there is such a process, and it has not ended."""
    return "State:" in status(pid).replace("State:\tZ", "")


def status(pid):
    """Give what the system says of a process; nothing if it is gone."""
    try:
        return Path("/proc", str(pid), "status").read_text()
    except OSError:
        return ""


@pytest.fixture
def corpus(tmp_path):
    """Lay thirty documents on the disk."""
    text = "The whole committee usually began its work early. They purchased an additional house number {row}."
    rows = [{"id": f"d{row}", "text": text.format(row=row)} for row in range(DOCUMENTS)]
    path = tmp_path / "c.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("moment", ["rows", "seal"])
def test_a_part_that_was_half_written_is_marked_again(corpus, tmp_path, moment):
    """Killed between the first row of a part and its digest: nothing is there; resumed, all is, and no scrap of it."""
    whole = embedding.release(corpus, key=KEY, out=tmp_path / "whole").folder.parent
    with start(corpus, tmp_path / "m", moment=moment, resume=False) as killed:
        assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "m").exists()
    left = tmp_path / ".m.unfinished"
    assert len(list(left.glob("part-*.sha256"))) == 3
    assert len([path for path in left.iterdir() if path.suffix == ".part"]) == 1 or moment == "seal"
    with start(corpus, tmp_path / "m") as resumed:
        assert resumed.communicate()[0].splitlines()[-1] == str(DOCUMENTS)
    assert contents(tmp_path / "m") == contents(whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.jsonl", "m", "whole"]


def test_kills_at_any_moment_change_nothing(corpus, tmp_path):
    """Killed again and again, at moments drawn by chance, then left to finish: the same bytes as undisturbed."""
    whole = embedding.release(corpus, key=KEY, out=tmp_path / "whole").folder.parent
    rng = random.Random(0)  # noqa: S311 (moments, no secrets)
    for attempt in range(2):
        with start(corpus, tmp_path / "m", resume=attempt > 0) as process:
            for _ in range(rng.randint(1, 4)):
                process.stdout.readline()
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
        assert not (tmp_path / "m").exists()
    with start(corpus, tmp_path / "m") as resumed:
        assert resumed.communicate()[0].splitlines()[-1] == str(DOCUMENTS)
    assert contents(tmp_path / "m") == contents(whole)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux which processes there are")
def test_processes_go_with_the_one_that_asked_them(corpus, tmp_path):
    """When the first process is killed, its helpers end too: they would wait for ever, or write where nobody looks."""
    with start(corpus, tmp_path / "m", resume=False, workers=2) as process:
        process.stdout.readline()
        helpers = children(process.pid)
        process.kill()
    assert len(helpers) >= 2
    until = time.monotonic() + 60
    while any(is_running(helper) for helper in helpers):
        assert time.monotonic() < until
        time.sleep(0.05)

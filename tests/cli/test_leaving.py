"""Real signals and broken pipes, in processes of their own."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli import leaving

CODE = "from cli.main import main; main()"
WAIT = 60
"""Seconds for what takes one or two, on a machine that may be busy."""


def _start(*arguments, **how):
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *map(str, arguments)], stderr=subprocess.PIPE, text=True, **how
    )


def _stopped(number, arguments, *, once):
    """Start a command, send it a signal as soon as a file of that pattern is there; gives its exit code and words."""
    process = _start(*arguments)
    end = time.monotonic() + WAIT
    while not any(Path().glob(once)) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    process.send_signal(number)
    _, said = process.communicate(timeout=WAIT)
    return process.returncode, said


def _told(said):
    """Give the command that was said to go on with, without its first word."""
    words = shlex.split(said.splitlines()[-1].removeprefix("go on with: "))
    assert words[0] == "provtool"
    return words[1:]


def test_a_watermark_that_was_stopped_goes_on_with_the_command_it_said(run, tmp_path):
    """Ctrl-C keeps what is marked and nothing else; the command on the last line finishes the release."""
    run("key", "new", "r.key")
    lines = [json.dumps({"id": row, "text": f"The large house, number {row}, was purchased."}) for row in range(800)]
    (tmp_path / "c.jsonl").write_text("\n".join(lines))
    asked = ("watermark", "c.jsonl", "--key", "r.key", "--encoder", "none", "--out", "my release")
    ended, said = _stopped(signal.SIGINT, asked, once=".my release.unfinished/part-000000.sha256")
    assert ended == 130, said
    assert said.splitlines()[0] == "what is marked is kept in .my release.unfinished; my release is not there yet"
    assert "provtool: interrupted; no half-written output was left behind" in said
    assert "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [".my release.unfinished", "c.jsonl", "r.key"]
    done = run(*_told(said))
    assert done.code == 0, done.err
    assert len((tmp_path / "my release" / "release" / "c.jsonl").read_text().splitlines()) == 800


def test_a_score_that_was_stopped_goes_on_with_the_same_command(run, counts, tmp_path):
    """SIGTERM does as Ctrl-C: answered shards are kept, and the command that is said asks only for the rest."""
    lines = [json.dumps({"text": f"The house of {row} is large and quiet."}) for row in range(12_000)]
    (tmp_path / "big.jsonl").write_text("\n".join(lines))
    asked = ("score", "big.jsonl", "--suspect", counts, "--out", "s.parquet")
    ended, said = _stopped(signal.SIGTERM, asked, once="s.parquet.shards/000001.arrow")
    assert ended == 143, said
    assert "shards are kept in s.parquet.shards" in said
    assert _told(said) == list(asked)
    assert not (tmp_path / "s.parquet").exists()
    done = run(*_told(said))
    assert done.code == 0, done.err
    assert done.err.startswith("going on: ")
    assert done.err.endswith("12,000 texts scored as text in s.parquet\n")


def test_where_nothing_is_kept_nothing_is_promised():
    """Without kept work it is a new start, spelt so that a shell reads the same words."""
    said = list(leaving.farewell(KeyboardInterrupt(), ["ngram", "my corpus.jsonl", "--out", "n"]))
    assert said[1] == "start again with: provtool ngram 'my corpus.jsonl' --out n"
    stop = KeyboardInterrupt()
    leaving.keep(stop, "--resume")
    leaving.keep(stop)
    assert list(leaving.farewell(stop, ["watermark", "c"]))[1] == "go on with: provtool watermark c --resume"


def test_signals_are_heeded_unless_somebody_switched_them_off():
    """SIGTERM raises what Ctrl-C raises, SIGHUP stays as nohup left it, and afterwards both are as they were."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with leaving.heeding():
            signal.raise_signal(signal.SIGHUP)
            with pytest.raises(KeyboardInterrupt) as caught:
                signal.raise_signal(signal.SIGTERM)
        assert leaving.code(caught.value) == 143
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_who_reads_no_further_is_no_mistake():
    """``provtool … | head`` ends without a word, with the exit code of a broken pipe."""
    reader, writer = os.pipe()
    os.close(reader)
    process = _start("completion", "zsh", "--quiet", stdout=writer)
    os.close(writer)
    assert process.communicate(timeout=WAIT)[1] == ""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("completion", "bash"), ("completion", "bash", "--json")])
def test_a_full_disk_behind_standard_output_is_one_line(arguments):
    """What cannot be written is said once, and not again as Python ends."""
    with Path("/dev/full").open("w") as full:
        process = _start(*arguments, "--quiet", stdout=full)
        said = process.communicate(timeout=WAIT)[1]
    assert process.returncode == 1
    assert said == "provtool: No space left on device\n"

"""Progress and colours: on a real terminal, in a pipe, and where the environment speaks of colours."""

import os
import pty
import subprocess
import sys

import pytest

from cli import ticker

CODE = """
import click, time
from cli import terminal, ticker
from cli.main import command
from rich.text import Text
ticker.SOON = 0.05
with terminal.progress("asking", unit="tokens") as report:
    for done in range(0, 101, 20):
        report(done, 100)
        time.sleep(0.06)
terminal.say_table([("verdict", Text("evidence", style="bold red"))])
"""
ESCAPE = "\x1b"
PLAIN = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLORTERM"}}


def _piped(**environment):
    environment = {**PLAIN, "TERM": "xterm-256color", **environment}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == ""
    return done.stderr


def _on_a_terminal(**environment):
    """Give what a process writes on a pseudo-terminal."""
    ours, theirs = pty.openpty()
    environment = {**PLAIN, "TERM": "xterm-256color", **environment}
    process = subprocess.Popen([sys.executable, "-c", CODE], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(ours, 1 << 16)
        except OSError:  # Linux's end of a pseudo-terminal
            break
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return said.decode()


def test_in_a_pipe_there_are_whole_lines_and_no_control_characters():
    """A log gets plain lines with share, speed and time left, and no carriage return or escape."""
    said = _piped()
    assert not {ESCAPE, "\r"} & set(said)
    lines = said.splitlines()
    assert lines[0].startswith("asking: 20%, 20 of 100 tokens after 0.1 s, ")
    assert lines[0].endswith(" s left")
    assert lines[-1] == "verdict  evidence"


def test_forced_colours_are_colours_and_no_bar():
    """FORCE_COLOR, which CIs set, colours words; the cursor is not moved in a log."""
    said = _piped(FORCE_COLOR="1")
    assert f"{ESCAPE}[1;31mevidence" in said
    assert not [control for control in (f"{ESCAPE}[?25l", f"{ESCAPE}[2K", "\r") if control in said]
    assert "asking: 20%" in said


def test_on_a_terminal_there_is_a_bar_that_goes_away():
    """Somebody who looks on sees a bar and colours; no line of a log is among them."""
    said = _on_a_terminal()
    assert f"{ESCAPE}[?25l" in said
    assert f"{ESCAPE}[1;31mevidence" in said
    assert "asking: 20%" not in said


def test_no_color_leaves_no_colour_on_a_terminal():
    """NO_COLOR takes the red; what is bold may stay so."""
    assert "31m" not in _on_a_terminal(NO_COLOR="1")


def test_a_dumb_terminal_is_a_log():
    """TERM=dumb gets the lines of a pipe: it could not move its cursor."""
    said = _on_a_terminal(TERM="dumb")
    assert ESCAPE not in said
    assert "asking: 20%" in said


@pytest.fixture
def ticks():
    """Give a clock that can be set, a report that it drives, and what was told."""
    now, told = [0.0], []
    report = ticker.ticking("asking", unit="texts", tell=told.append, clock=lambda: now[0])

    def at(seconds, done, total):
        now[0] = seconds
        report(done, total)
        return len(told)

    return at, told


def test_short_work_says_nothing_and_long_work_seldom(ticks):
    """First after half a minute, then for each tenth but not within half a minute, and at least every five minutes."""
    at, told = ticks
    assert [at(seconds, seconds, 10_000) for seconds in (0, 10, 29.9)] == [0, 0, 0]
    assert at(30, 300, 10_000) == 1
    assert at(59, 9_000, 10_000) == 1
    assert at(61, 1_200, 10_000) == 1
    assert at(62, 1_300, 10_000) == 2
    assert at(361, 1_301, 10_000) == 2
    assert at(362, 1_302, 10_000) == 3
    assert told[0] == "asking: 3%, 300 of 10,000 texts after 30.0 s, 10 texts/s, about 16.2 min left"


def test_work_of_unknown_size_is_counted(ticks):
    """Without a total there is no share and no time left."""
    at, told = ticks
    assert at(40, 80, None) == 1
    assert told == ["asking: 80 texts after 40.0 s, 2 texts/s"]

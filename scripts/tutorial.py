"""Run the tutorial of the docs as its reader would, and put what the commands print into the page."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from cli import main, terminal

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
FENCE = re.compile(
    r"^```(?P<kind>python title=\"(?P<name>[\w.]+)\"|sh|text)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
WIDTH = 100
SECRET = bytes(range(32))
"""Any key would do; with the same one the page changes only where provtool does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What the commands before a block of output printed, and what the page says they did."""

    shown: str
    came: str
    span: tuple[int, int]
    """Where the page says so."""


def follow(page: str) -> list[Printed]:
    """Do in the folder of this process what the page says: save each file, run each command."""
    found, came = list[Printed](), ""
    for block in FENCE.finditer(page):
        if block["name"]:
            Path(block["name"]).write_text(block["body"], encoding="utf-8")
        elif block["kind"] == "sh":
            came = "".join(map(run, block["body"].replace("\\\n", " ").splitlines()))
        else:
            found.append(Printed(shown=block["body"], came=came, span=block.span("body")))
    return found


def run(line: str) -> str:
    """Run one command in this process and give what it printed, errors too; one that fails is an error."""
    words, said = shlex.split(line), io.StringIO()
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        mock.patch("secrets.token_bytes", return_value=SECRET),
        mock.patch.object(terminal.STDERR, "_width", WIDTH),
        mock.patch.object(sys, "argv", words[1:]),
    ):
        try:
            if words[0] == "python":
                runpy.run_path(words[1], run_name="__main__")
            else:
                main.main(words[1:])
        except SystemExit as stop:
            if stop.code:
                raise RuntimeError(f"{line}\n{said.getvalue()}") from stop
    return "".join(part.rstrip() + "\n" for part in said.getvalue().splitlines())


def rewritten(page: str, printed: list[Printed]) -> str:
    """Give the page with what came in place of what was shown."""
    for item in reversed(printed):
        page = page[: item.span[0]] + item.came + page[item.span[1] :]
    return page


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        PAGE.write_text(rewritten(text, follow(text)), encoding="utf-8")

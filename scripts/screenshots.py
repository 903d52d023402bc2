"""Pictures of the report and of a terminal, for the docs: python scripts/screenshots.py FOLDER.

What is shown are the findings of `exhibits`, in Chromium (apt-get install chromium fonts-dejavu-core) and as rich draws
a terminal.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

SHOTS = {
    "report-light": {"width": 1080, "height": 1150, "scheme": "light", "at": "body"},
    "report-dark": {"width": 1080, "height": 1150, "scheme": "dark", "at": "#audit-4"},
    "report-phone": {"width": 390, "height": 844, "scheme": "light", "at": "#audit-1"},
    "report-figures": {"width": 1080, "height": 1150, "scheme": "light", "at": "#audit-1 .figures"},
}
SESSIONS = {
    "terminal-audit": (
        "audit",
        "order",
        "run.parquet",
        "--scores",
        "1-order.evidence.scores.parquet",
        "--out",
        "a.json",
    ),
    "terminal-verify": ("verify", "handed"),
}
COLUMNS = 96


def main() -> None:
    """Make the findings and picture them."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        subprocess.run([sys.executable, Path(__file__).with_name("exhibits.py"), work], check=True, capture_output=True)
        with sync_playwright() as drive:
            chromium = drive.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            for name, how in SHOTS.items():
                shoot(chromium, work / "report.html", target / f"{name}.png", how)
            chromium.close()
        again = ("audit", "order", "run.parquet", "--scores", "1-order.evidence.scores.parquet", "--out", "b.json")
        run((*again, "--bundle", "handed"), work)
        for name, arguments in SESSIONS.items():
            (target / f"{name}.svg").write_text(terminal(name, arguments, work), encoding="utf-8")


def shoot(chromium: Browser, page: Path, target: Path, how: dict[str, object]) -> None:
    """Take one picture of a page, from some element on."""
    size = {"width": how["width"], "height": how["height"]}
    context = chromium.new_context(viewport=size, color_scheme=how["scheme"])
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.locator(str(how["at"])).evaluate("each => window.scrollTo(0, each.getBoundingClientRect().top - 24)")
    tab.screenshot(path=target)
    context.close()


def terminal(name: str, arguments: tuple[str, ...], work: Path) -> str:
    """Draw a terminal in which a command was run."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115, PTH123
    console.print(Text(f"$ provtool {' '.join(arguments)}", style="bold"))
    console.print(Text.from_ansi(run(arguments, work)))
    return console.export_svg(title="provtool", theme=MONOKAI, unique_id=name)


def run(arguments: tuple[str, ...], work: Path) -> str:
    """Run a command as a terminal of this width would show it."""
    # Bars that move are no picture: only the summary of an audit is in colour.
    colour = {"FORCE_COLOR": "1"} if arguments[0] == "audit" else {}
    told = {**os.environ, **colour, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    command = [Path(sys.executable).with_name("provtool"), *arguments]
    done = subprocess.run(
        command, cwd=work, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    return done.stdout.rstrip()


if __name__ == "__main__":
    main()

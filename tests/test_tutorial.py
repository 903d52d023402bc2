"""The tutorial is true: what it says to do works, in order, and prints what it says."""

import contextlib
import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"10\^-?[\d.]+|\b[0-9a-f]{16,64}\b|-?\d[\d.,]*(?:e-?\d+)?")


@pytest.fixture(scope="module")
def tutorial():
    """Give ``scripts/tutorial.py``, which follows the page and writes what came into it."""
    spec = importlib.util.spec_from_file_location("tutorial", ROOT / "scripts" / "tutorial.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["tutorial"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(tutorial):
    """Give the page's text."""
    return tutorial.PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def printed(tutorial, page, tmp_path_factory):
    """Follow the page once, in an empty folder."""
    with contextlib.chdir(tmp_path_factory.mktemp("tutorial")), pytest.MonkeyPatch.context() as patch:
        patch.delenv("PROVTOOL_KEY", raising=False)
        return tutorial.follow(page)


def _without_numbers(text):
    """Give the words and verdicts of some output: digits differ from one kind of processor to the next."""
    return [" ".join(NUMBER.sub("#", line).split()) for line in text.splitlines()]


def test_the_page_shows_what_comes(printed):
    """Every command of the tutorial runs, and prints the words and verdicts that the page shows."""
    assert len(printed) == 5
    for item in printed:
        assert _without_numbers(item.came) == _without_numbers(item.shown), "python scripts/tutorial.py writes the page"


def test_guilty_and_innocent_are_told_apart(printed):
    """The model that read the release, or saw the order, gets evidence in both audits, and the other in none."""
    said = "".join(item.came for item in printed)
    verdicts = re.findall(r"^audit +(\w+) of (\S+)\nverdict +(\S+)", said, flags=re.MULTILINE)
    assert verdicts == [
        ("trace", "leaked.txt", "evidence"),
        ("watermark", "hf:./theirs", "evidence"),
        ("watermark", "hf:./honest", "no-evidence"),
        ("order", "hf:./theirs", "evidence"),
        ("order", "hf:./honest", "no-evidence"),
    ]


def test_every_command_stands_before_its_output(page, tutorial):
    """No block of the tutorial is left out of the run but the installation, which is marked as a console's."""
    opened = re.findall(r"^```(\S.*)$", page, flags=re.MULTILINE)
    ran = [block["kind"] for block in tutorial.FENCE.finditer(page)]
    assert [kind for kind in opened if kind != "console"] == ran
    assert opened.count("console") == 1


def test_what_comes_is_put_into_the_page(tutorial):
    """The page is rewritten where it shows output, and nowhere else."""
    page = "a\n```sh\nprovtool --version\n```\n\n```text\nold\n```\nz\n"
    made = tutorial.rewritten(page, tutorial.follow(page))
    assert made.startswith("a\n```sh\nprovtool --version\n```\n\n```text\nprovtool, version")
    assert made.endswith("\n```\nz\n")
    assert "old" not in made


def test_a_command_that_fails_is_not_passed_over(tutorial, tmp_path):
    """A command of the page that ends with an error stops the run, and says what it printed."""
    with contextlib.chdir(tmp_path), pytest.raises(RuntimeError, match="nothing-here"):
        tutorial.run("provtool report nothing-here.json --out r.html")

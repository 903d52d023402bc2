"""The README is true: its commands run, its map names every file, and every command stands in it."""

import contextlib
import json
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cli import main
from provenance import training

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PLAIN = (
    "The harbour master decided to purchase a large boat because many visitors wanted a quiet tour of the coast. "
    "She quickly explained the plan to the council, and the work began before the first snow of the winter. "
    "An old pilot helped the crew to repair the engine and to select a safe route between the small islands. "
)


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_map_names_every_file():
    """Every source file that is under version control or new stands in the README's map."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.j2", "*.css", "*.tsv"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    names = {
        Path(name).name for name in listed if not name.startswith(("tests/", "fixtures/", "watermark/data/", "docs/"))
    }
    chart = README.partition("## Map")[2]
    missing = sorted(name for name in names - {"__init__.py"} if not re.search(rf"(?<![\w.]){re.escape(name)}", chart))
    assert not missing


def test_map_names_no_file_that_is_gone():
    """Every file in the README's map exists."""
    chart = README.partition("## Map")[2].partition("```")[2].partition("```")[0]
    names = re.findall(r"[\w.]+\.(?:py|j2|css|tsv)\b", chart)
    gone = [name for name in names if not any(ROOT.glob(f"[pwcsbe]*/**/{name}"))]
    assert names
    assert not gone


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_every_command_stands_in_the_readme(name):
    """No command is left out of the README."""
    assert re.search(rf"provtool {name}\b|make {name}\b", README)


def test_first_two_commands_are_targets():
    """The README's first two commands are targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in _blocks("sh")[0].splitlines():
        assert re.search(rf"^{line.split()[1]}:", makefile, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with the files that the README's commands speak of."""
    folder = tmp_path_factory.mktemp("readme")
    with (folder / "articles.jsonl").open("w", encoding="utf-8") as stream:
        for row in range(12):
            stream.write(json.dumps({"id": f"article-{row}", "text": PLAIN * (2 + row % 3)}) + "\n")
    (folder / "leaked.txt").write_text(PLAIN, encoding="utf-8")
    for first, name in enumerate(("theirs", "members", "nonmembers")):
        texts = [
            " ".join(rng.permutation(PLAIN.split()).tolist())
            for rng in map(np.random.default_rng, range(20 * first, 20 * first + 20))
        ]
        lines = [json.dumps({"id": f"{name}-{row}", "text": text}) + "\n" for row, text in enumerate(texts)]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    tokenizer = training.train_tokenizer([PLAIN] * 20, vocabulary=300, out=folder / "our-model")
    for seed, name in enumerate(["our-model", "their-model", "independent-model"]):
        shape = training.Shape(layers=1, width=32, heads=2, vocabulary=300, context=128)
        training.save(training.new_model(shape, seed=seed), folder / name, tokenizer=tokenizer)
    with (folder / "run.jsonl").open("w", encoding="utf-8") as stream:
        for row in range(40):
            tokens = [(7 * row + 3 * column) % 290 for column in range(64)]
            stream.write(json.dumps({"id": str(row), "position": (11 * row) % 40, "tokens": tokens}) + "\n")
    return folder


def _ended(arguments: list[str]) -> object:
    """Run a command in this process and give its exit code."""
    try:
        main.main(arguments)
    except SystemExit as stop:
        return stop.code
    return 0


def test_commands_run_in_order(desk):
    """The README's own commands run one after the other, as written, and leave what they say."""
    for line in [line for block in _blocks("sh")[1:] for line in block.splitlines()]:
        words = shlex.split(line)
        assert words[0] == "provtool"
        with contextlib.chdir(desk):
            assert _ended(words[1:]) == 0, line
    assert (desk / "restored" / "articles.jsonl").read_bytes() == (desk / "articles.jsonl").read_bytes()
    assert json.loads((desk / "again.json").read_text())["log10_pvalue"] <= 0
    assert "<h1" in (desk / "report.html").read_text()

"""Which commands there are, and how mistakes reach the user."""

import json
import subprocess
import sys
import time

import click
import pytest

from cli import main

HEAVY = {"torch", "transformers", "pyarrow", "numpy", "scipy", "rich", "spacy", "sklearn", "datasets"}


def commands(group, *before):
    """Walk every command and subcommand."""
    yield before, group
    if isinstance(group, click.Group):
        for name in group.list_commands(click.Context(group)):
            yield from commands(group.get_command(click.Context(group), name), *before, name)


ALL = dict(commands(main.command))


def test_help_is_light_and_quick():
    """``provtool --help`` imports none of the heavy libraries and answers in under a second."""
    code = (
        "import sys\nfrom cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.perf_counter() - began < 1
    assert done.stderr.strip() == "[]"
    assert "Start here:" in done.stdout


@pytest.mark.parametrize("name", [name for name in ALL if name])
def test_every_command_has_help_with_an_example(run, name):
    """Each help page says what the command does and has a line to copy, within 100 columns."""
    done = run(*name, "--help")
    assert done.code == 0
    assert f"  provtool {name[0]} " in done.out
    assert all(len(line) <= 100 for line in done.out.splitlines())


@pytest.mark.parametrize("name", [name for name in ALL if name])
def test_every_option_is_explained(name):
    """No option or command is without a word on what it does."""
    command = ALL[name]
    assert command.get_short_help_str(200)
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help


def test_help_lists_every_command(run):
    """What can be run stands in ``--help``, and -h is the same."""
    done = run("--help")
    assert done.out == run("-h").out
    assert all(f"\n  {name}" in done.out for name in main.COMMANDS)


def test_the_version_is_told(run):
    """``--version`` names the tool and its version."""
    assert run("--version").out.startswith("provtool, version ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["watermrk"], "No such command 'watermrk'. Did you mean 'watermark'?"),
        (["qqq"], "No such command 'qqq'."),
        (["watermark", "c.jsonl", "--ot", "x"], "--out"),
        (["watermark", "c.jsonl"], "Missing option '--out'"),
        (["undo"], "Missing argument 'RELEASE'"),
        (["watermark", "c", "--out", "x", "--alternates", "0"], "0 is not in the range x>=1"),
        (["audit", "order", "x", "--alpha", "nan", "--suspect", "s"], "nan is not between 0 and 1"),
        (["audit", "order", "x", "--alpha", "1", "--suspect", "s"], "is not in the range"),
        (["audit", "order", "x", "--seed", "-1", "--suspect", "s"], "is not in the range"),
        (["audit", "order", "x", "--window", "3", "--suspect", "s"], "expected START:LENGTH"),
    ],
)
def test_wrong_usage_is_exit_2(run, arguments, message):
    """What click refuses is explained with the nearest right thing, and no traceback."""
    done = run(*arguments)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_an_interrupt_is_exit_130(run, corpus, monkeypatch, tmp_path):
    """Ctrl-C says that nothing half-written was left, and none is."""
    from provenance import corpora

    def interrupt(_corpus):
        raise KeyboardInterrupt

    run("key", "new", "r.key")
    monkeypatch.setattr(corpora, "digest", interrupt, raising=False)
    before = sorted(tmp_path.iterdir())
    done = run("watermark", corpus, "--key", "r.key", "--out", "m")
    assert done.code == 130
    assert "provtool: interrupted; no half-written output was left behind" in done.err
    assert sorted(tmp_path.iterdir()) == before


def test_a_disk_error_is_one_line(run, tmp_path):
    """What the system refuses outside our own doors is still one line and exit 1."""
    (tmp_path / "c.jsonl").write_text(json.dumps({"text": "x"}) + "\n")
    done = run("ngram", "c.jsonl", "--out", tmp_path / "c.jsonl" / "n.parquet")
    assert done.code == 1
    assert done.err.startswith("provtool: ")
    assert done.err.count("\n") == 1


def test_the_installed_script_runs(tmp_path):
    """A real process: exit code 1, one line on stderr, nothing on stdout, no traceback."""
    code = "from cli.main import main; main()"
    arguments = [sys.executable, "-c", code, "watermark", "none.jsonl", "--out", "m"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": ""})
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("provtool: no key was given")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []

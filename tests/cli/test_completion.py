"""A real bash completes."""

import os
import shutil
import subprocess
import sys

import click
import pytest

from cli import completion, main, meant

HEAVY = {"torch", "transformers", "pyarrow", "scipy", "spacy", "sklearn", "datasets"}
ASK = """
source ./script
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_provtool_completion "$0/provtool"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def bash(run, tmp_path):
    """Give a function that has bash complete a line of words; its compopt only says what it was told."""
    assert shutil.which("bash"), "what is completed for bash is tried in bash: apt-get install bash"
    (tmp_path / "script").write_text(f'compopt() {{ echo "compopt $1 $2" >&2; }}\n{run("completion", "bash").out}')
    (tmp_path / "provtool").write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from cli.main import main; main()" "$@"\n'
    )
    (tmp_path / "provtool").chmod(0o700)

    def complete(words):
        command = ["bash", "--norc", "-c", ASK.format(words=words), str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        return done.stdout.split(), done.stderr.splitlines()

    return complete


def test_bash_completes_commands_options_choices_and_files(bash):
    """What is begun is finished; where a file is meant, bash is told to look for one."""
    assert bash("provtool wat")[0] == ["watermark"]
    assert bash("provtool audit mem")[0] == ["membership"]
    assert bash("provtool audit order --reference-")[0] == ["--reference-scores"]
    assert bash("provtool watermark --strategy lex")[0] == ["leximark"]
    assert "compopt -o default" in bash("provtool watermark ''")[1]


def test_bash_completes_suspects(bash, tmp_path):
    """A kind, without a space behind it; then a file, without the colon at which bash broke the word."""
    (tmp_path / "our-model").mkdir()
    assert bash("provtool score x --suspect op") == (["openai:"], ["compopt -o nospace"])
    assert bash("provtool score x --suspect hf : our") == (["our-model/"], ["compopt -o nospace"])
    assert bash("provtool score x --suspect hf :")[0].count("our-model/") == 1
    assert bash("provtool score x --suspect openai : our")[0] == []


@pytest.mark.parametrize("shell", completion.PLACES)
def test_every_shell_has_a_script_and_is_told_where_it_goes(run, shell):
    """The script asks the tool by the variable that it answers to."""
    done = run("completion", shell)
    assert f"{completion.VARIABLE}={shell}_complete" in done.out.replace("env ", "")
    assert completion.PLACES[shell] in done.err
    assert main.COMPLETING == completion.VARIABLE


def test_a_shell_does_not_wait():
    """To complete an option of an audit, none of the heavy libraries is imported."""
    code = (
        "import sys\nfrom cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    asked = {"_PROVTOOL_COMPLETE": "bash_complete", "COMP_WORDS": "provtool audit order --su", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **asked}
    )
    assert (done.stdout, done.stderr) == ("plain,--suspect\n", "[]\n")


def test_paths_are_listed_as_they_are_typed(tmp_path, monkeypatch):
    """Folders end in a slash, hidden files wait until a dot is typed, and what is no folder has nothing in it."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.parquet").touch()
    (tmp_path / ".hidden").touch()
    monkeypatch.chdir(tmp_path)
    context = click.Context(click.Command("x"))

    def ask(word):
        return [item.value for item in meant.suspect(context, click.Option(["--x"]), word)]

    assert ask("ngram:") == ["ngram:in/"]
    assert ask("ngram:in/") == ["ngram:in/a.parquet"]
    assert ask("ngram:.h") == ["ngram:.hidden"]
    assert ask("ngram:none/") == []
    assert ask("h") == ["hf:"]

"""The command that brings a transcript in."""

import json
import subprocess
import sys

import pytest
import tokenizers as rust
import transformers
from click.testing import CliRunner

from cli import main
from cli.transcript import command
from provenance import tokenizers, transcripts

ROWS = [{"id": name, "position": position, "text": f"text {name}"} for position, name in enumerate("abcd")]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.fixture
def seen(tmp_path):
    """Lay a table of four rows on the disk."""
    path = tmp_path / "seen.jsonl"
    path.write_text(LINES)
    return path


def test_import_says_in_one_line_what_came_in(seen, tmp_path):
    """Rows, epochs, run length, shuffle and place on stderr; nothing on stdout."""
    found = CliRunner().invoke(command, ["import", str(seen), "--out", str(tmp_path / "run.parquet")])
    assert found.exit_code == 0
    assert found.stdout == ""
    assert found.stderr == f"4 rows, one epoch, run length 4, shuffle claimed: {tmp_path / 'run.parquet'}\n"
    assert transcripts.read(tmp_path / "run.parquet").ids == ("a", "b", "c", "d")


def test_import_takes_every_option(seen, tmp_path):
    """What the owner declares stands in the header, tokenizer digest included."""
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=rust.Tokenizer(rust.models.WordLevel({"a": 0, "?": 1}, unk_token="?"))  # noqa: S106 (a token of text)
    )
    tokenizer.save_pretrained(tmp_path / "model")
    options = ["--format", "jsonl", "--tokenizer", str(tmp_path / "model"), "--run-length", "9", "--sample", "2"]
    options += ["--seed", "1", "--position-unit", "step", "--shuffle", "buffer:50", "--out", str(tmp_path / "t")]
    found = CliRunner().invoke(command, ["import", str(seen), *options])
    assert found.stderr.startswith("2 rows of 4, one epoch, run length 9, shuffle buffer: ")
    transcript = transcripts.read(tmp_path / "t")
    assert (transcript.run_length, transcript.position_unit) == (9, "step")
    assert transcript.shuffle == {"kind": "buffer", "size": 50, "sample": {"rows": 2, "seed": 1}}
    assert transcript.tokenizer.sha256 == tokenizers.tokenizer_digest(tokenizer)


def test_import_reads_a_stream(tmp_path):
    """A table on standard input, with its format said, is read like a file; messages call it ``-``."""
    arguments = ["import", "-", "--format", "jsonl", "--out", str(tmp_path / "t")]
    assert CliRunner().invoke(command, arguments, input=LINES).exit_code == 0
    assert len(transcripts.read(tmp_path / "t").ids) == 4
    wrong = CliRunner().invoke(command, arguments, input=LINES + "{\n")
    assert str(wrong.exception).startswith("-:5: malformed JSON")
    nameless = CliRunner().invoke(command, ["import", "-", "--out", str(tmp_path / "t")], input=LINES)
    assert "--format" in str(nameless.exception)


def test_a_wrong_table_is_one_line_and_exit_code_1(seen, tmp_path, capsys):
    """No traceback, and no output left behind."""
    seen.write_text(LINES + '{"id": "e", "text": "x"}\n')
    with pytest.raises(SystemExit) as stop:
        main.main(["transcript", "import", str(seen), "--out", str(tmp_path / "t")])
    assert stop.value.code == 1
    message = capsys.readouterr().err
    assert message.startswith(f"provtool: {seen}:5: no position")
    assert message.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["seen.jsonl"]


@pytest.mark.parametrize("arguments", [["--help"], ["import", "--help"]])
def test_help_shows_an_example(arguments):
    """Every help page has a command to copy."""
    found = CliRunner().invoke(command, arguments)
    assert found.exit_code == 0
    assert "provtool transcript import seen.jsonl --out run.parquet" in found.stdout


def test_importing_without_a_tokenizer_loads_no_torch(seen, tmp_path):
    """A table with text needs none of the heavy libraries."""
    code = (
        "import sys; from cli.main import main\n"
        f"main(['transcript', 'import', {str(seen)!r}, '--out', {str(tmp_path / 't')!r}])\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"

"""The command that brings a transcript in."""

import json
import struct
import subprocess
import sys

import numpy as np
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


def lay_pythia(folder, rows=60, length=8):
    """Write rows as Pythia publishes them; gives them."""
    tokens = np.random.default_rng(0).integers(0, 500, (rows, length)).astype("<u2")
    folder.mkdir()
    head = b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", 1, 8, rows, 0)
    starts = np.arange(rows, dtype="<i8") * 2 * length
    (folder / "document.idx").write_bytes(head + np.full(rows, length, dtype="<i4").tobytes() + starts.tobytes())
    (folder / "document.bin").write_bytes(tokens.tobytes())
    return tokens


def test_import_takes_a_sample_of_a_pythia_run(tmp_path):
    """Positions are steps, ids are row numbers, and one line says what can be done without a tokenizer."""
    tokens = lay_pythia(tmp_path / "d")
    options = ["--format", "pythia", "--sample", "12", "--rows-per-step", "4", "--sequence-length", "8"]
    index = tmp_path / "d" / "document.idx"
    for source, said in ((tmp_path / "d", options), (tmp_path / "d", options[2:]), (index, options[2:])):
        found = CliRunner().invoke(command, ["import", str(source), *said, "--out", str(tmp_path / "t")])
        assert found.exit_code == 0, found.exception
        line, note = found.stderr.splitlines()
        assert line == f"12 rows of 60, one epoch, run length 15, shuffle claimed: {tmp_path / 't'}"
        assert note.startswith("no --tokenizer was given: only losses computed elsewhere (column:)")
    transcript = transcripts.read(tmp_path / "t")
    assert transcript.position_unit == "step"
    for id_, ids, where in zip(transcript.ids, transcript.tokens, transcript.positions, strict=True):
        assert (list(ids), where.tolist()) == (tokens[int(id_)].tolist(), [int(id_) // 4])


@pytest.mark.parametrize("listed", [True, False])
def test_import_takes_an_olmo_run(tmp_path, listed):
    """Token files are named one by one, or in a list beside them; the format is told by the order's name."""
    tokens = np.arange(40, dtype="<u2")
    for name, part in (("b.npy", tokens[:24]), ("a.npy", tokens[24:])):
        (tmp_path / name).write_bytes(part.tobytes())
    (tmp_path / "files.txt").write_text("b.npy\n\na.npy\n")
    (tmp_path / "global_indices.npy").write_bytes(np.array([4, 0, 3, 1, 2], dtype="<u4").tobytes())
    named = ["--tokens", str(tmp_path / "b.npy"), "--tokens", str(tmp_path / "a.npy")]
    options = ["--tokens-list", str(tmp_path / "files.txt")] if listed else named
    options += ["--sequence-length", "8", "--rows-per-step", "2", "--out", str(tmp_path / "t")]
    found = CliRunner().invoke(command, ["import", str(tmp_path / "global_indices.npy"), *options])
    assert found.exit_code == 0, found.exception
    transcript = transcripts.read(tmp_path / "t")
    assert [where.tolist() for where in transcript.positions] == [[0], [1], [2], [1], [0]]
    assert transcript.tokens[4] == tuple(range(32, 40))


def test_ids_alone_gain_their_text_from_a_corpus(tmp_path):
    """What the transcript says of its run stays; the corpus gives each row its text by id."""
    rows = [{"id": name, "positions": [place, place + 9]} for place, name in enumerate("cab")]
    shuffle = {"kind": "full", "seed": 3, "generator": "g", "sample": {"rows": 3, "seed": 0}}
    about = {"tokenizer": None, "run_length": 50, "position_unit": "step", "shuffle": shuffle, "inputs": {}}
    transcripts.write(tmp_path / "ids.parquet", rows, **about)
    (tmp_path / "corpus.jsonl").write_text(LINES)
    arguments = ["import", str(tmp_path / "ids.parquet"), "--out", str(tmp_path / "t")]
    found = CliRunner().invoke(command, [*arguments, "--join", str(tmp_path / "corpus.jsonl")])
    assert found.exit_code == 0, found.exception
    assert found.stderr == f"3 rows, up to 2 epochs, run length 50, shuffle full: {tmp_path / 't'}\n"
    transcript = transcripts.read(tmp_path / "t")
    assert (transcript.ids, transcript.texts) == (("c", "a", "b"), ("text c", "text a", "text b"))
    assert [where.tolist() for where in transcript.positions] == [[0, 9], [1, 10], [2, 11]]
    assert (transcript.run_length, transcript.position_unit, transcript.shuffle) == (50, "step", shuffle)
    for option in (("--shuffle", "none"), ("--run-length", "60"), ("--position-unit", "example")):
        said = CliRunner().invoke(command, [*arguments, *option])
        assert f"{option[0]} for a transcript, whose header says it already" in str(said.exception)
    assert "try a `tokens` or `text` field, or --join CORPUS" in str(CliRunner().invoke(command, arguments).exception)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows-per-step", "4"], "--rows-per-step is not for a table"),
        (["--format", "pythia", "--tokens", "x"], "--tokens is not for pythia"),
        (["--format", "jsonl", "--token-type", "uint16"], "--token-type is not for jsonl"),
        (["--format", "olmo", "--join", "c.jsonl"], "--join is for tables"),
        (["--format", "megatron"], "'megatron' is not one of 'jsonl', 'parquet', 'pythia', 'olmo'"),
    ],
)
def test_options_of_other_formats_are_a_usage_error(seen, tmp_path, options, message):
    """Nothing is passed over in silence."""
    found = CliRunner().invoke(command, ["import", str(seen), "--out", str(tmp_path / "t"), *options])
    assert found.exit_code == 2
    assert message in found.stderr
    assert not (tmp_path / "t").exists()


def test_a_folder_of_neither_run_is_one_line(tmp_path):
    """The formats that a folder may have are named."""
    found = CliRunner().invoke(command, ["import", str(tmp_path), "--out", str(tmp_path / "t")])
    assert str(found.exception) == (
        f"{tmp_path}: a folder, and no table; try --format pythia or olmo for the data of a published run"
    )


def test_a_list_of_files_that_is_none_is_one_line(tmp_path):
    """It is named."""
    arguments = ["import", "global_indices.npy", "--tokens-list", str(tmp_path / "no"), "--out", str(tmp_path / "t")]
    found = CliRunner().invoke(command, arguments)
    assert str(found.exception) == f"{tmp_path / 'no'}: cannot be read as a list of files"


def test_a_published_table_is_imported_and_audited_by_its_own_losses(tmp_path, monkeypatch):
    """From the table to evidence, with list-valued losses and without a tokenizer or a model."""
    rng = np.random.default_rng(0)
    index = rng.choice(2000, 150, replace=False)
    losses = [(3 - place / 2000 + rng.normal(0, 0.2, 79)).tolist() for place in index]
    rows = [
        {"index": int(place), "tokens": rng.integers(0, 99, 80).tolist(), "loss_m": loss}
        for place, loss in zip(index, losses, strict=True)
    ]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(tmp_path)
    arguments = ["import", "s.jsonl", "--format", "sequence-samples", "--shuffle", "full", "--out", "run.parquet"]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    main.main(["audit", "order", "run.parquet", "--suspect", "column:s.jsonl:-loss_m", "--out", "e.json"])
    found = json.loads((tmp_path / "e.json").read_text())
    assert (found["verdict"], found["n"], found["suspect"]["window"]) == ("evidence", 150, "8:56")

"""Every mistake of a user is one clear line, and nothing is left behind."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance import artifacts
from provenance.transcripts import tables
from watermark import ledger as ledgers

LINES = [json.dumps({"id": str(row), "text": f"text {row}"}) for row in range(8)]


@pytest.fixture
def lay(tmp_path, run):
    """Give a function that writes a file into the working folder, where a key lies already."""
    run("key", "new", "r.key")

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


BROKEN = {
    "malformed": ("c.jsonl", "\n".join([*LINES[:6], '{"text": ', *LINES[6:]]), "c.jsonl:7: malformed JSON"),
    "empty": ("c.jsonl", "", "c.jsonl: no documents in it; expected at least one"),
    "blank": ("c.jsonl", "\n\n", "c.jsonl: no documents in it"),
    "list": ("c.jsonl", "[]\n", "c.jsonl:1: this line is a list; expected one JSON object a line"),
    "field": ("c.jsonl", '{"body": "x"}\n', "c.jsonl:1: no field 'text'; expected one of body; try --text-field"),
    "number": ("c.jsonl", '{"text": 7}\n', "c.jsonl:1: field 'text' is a number; expected a string"),
    "twice": ("c.jsonl", "\n".join([LINES[0], LINES[1], LINES[0]]), "c.jsonl:3: duplicate id '0'"),
    "bytes": ("c.jsonl", b'{"text": "\xff"}\n', "c.jsonl:1: "),
    "binary": ("c.csv", b'text\n"\0\1\2"\n', "c.csv:2: a NUL byte, so this is no text; expected UTF-8; try saving"),
    "utf16": ("c.txt", "large".encode("utf-16"), "c.txt:1: a NUL byte, so this is no text; expected UTF-8"),
    "mixed": ("c.txt", "été\n".encode() + "été\n".encode("latin-1"), "c.txt:2: byte 0xe9 is not UTF-8 (invalid"),
    "surrogate": ("c.jsonl", '{"text": "\\ud800"}\n', "c.jsonl:1: field 'text' holds half a surrogate pair"),
    "format": ("c.docx", "x", "c.docx: unknown kind of file 'c.docx'; expected one of .jsonl"),
    "csv": ("c.csv", "text\na,b\n", "c.csv:2: 2 fields; expected 1, as in the header"),
    "gzip": ("c.jsonl.gz", b"no gzip", "c.jsonl.gz: not a whole .gz file"),
    "parquet": ("c.parquet", b"PAR1 cut short", "c.parquet: not a whole Parquet file"),
    "dataset": ("c.jsonl", None, "c.jsonl: no such file or folder"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize(
    "command",
    [
        ["watermark", "--key", "r.key", "--out", "deep/m"],
        ["ngram", "--out", "n.parquet"],
        ["score", "--suspect", "ngram:ready.parquet", "--out", "s.parquet"],
    ],
    ids=lambda command: command[0],
)
def test_a_broken_corpus(lay, run, refused, command, case):
    """Whatever is wrong with a corpus, each command names file, line and what was expected."""
    name, content, message = BROKEN[case]
    lay("ready.jsonl", "\n".join(LINES))
    run("ngram", "ready.jsonl", "--out", "ready.parquet")
    if content is not None:
        lay(name, content)
    assert refused(command[0], name, *command[1:]).startswith(message)


def test_bytes_in_a_column(lay, refused, tmp_path):
    """A column of bytes is refused by name, also where a table says of bytes that they are text."""
    lay("c.txt", "x")
    bytes_ = pa.array([b"ok", b"\xff\xfe"])
    pq.write_table(pa.table({"text": bytes_}), tmp_path / "c.parquet")
    options = ["--key", "r.key", "--out", "m"]
    assert refused("watermark", "c.parquet", *options) == "c.parquet: field 'text' is binary; expected a string"
    claimed = pa.Array.from_buffers(pa.string(), 2, bytes_.buffers())
    pq.write_table(pa.table({"text": claimed}), tmp_path / "d.parquet")
    assert refused("watermark", "d.parquet", *options).startswith("d.parquet: a value of 'text' is not UTF-8")


def test_one_file_of_another_encoding(lay, refused):
    """Among many files the one that is not UTF-8 is named, with its line, and nothing is written."""
    lay("in/a.txt", "The large house.")
    lay("in/b.txt", "One.\n\nTwo: caf\xe9.".encode("latin-1"))
    message = refused("watermark", "in", "--key", "r.key", "--out", "m")
    assert message.startswith("in/b.txt:3: byte 0xe9 is not UTF-8")
    assert message.endswith("; expected UTF-8; try saving it as UTF-8 text")


def test_documents_that_are_hardly_any(lay, run, tmp_path):
    """Empty and blank documents and those of one word are no mistake: they are counted and come back."""
    path = lay("c.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in ("", " ", "\n", "large", "Xyz", "1")))
    assert run("watermark", "c.jsonl", "--key", "r.key", "--out", "m").code == 0
    assert "of 6 documents marked" in run("watermark", "c.jsonl", "--key", "r.key", "--out", "n").err
    assert run("undo", "m/release", "--ledger", "m/ledger.parquet", "--out", "back").code == 0
    assert (tmp_path / "back" / "c.jsonl").read_bytes() == path.read_bytes()


def test_other_languages_are_left_alone_and_counted(lay, run, tmp_path):
    """A text that is not English is released as it was, and the user is told how many there are."""
    german = "Der Ausschuss wird seinen Bericht noch vor dem Ende des Jahres drucken: large house, a small boat."
    japanese = "これは日本語の文章です。英語ではありません。"
    english = "The large house was purchased quickly by the whole committee."
    texts = (german, english, japanese)
    lay("c.jsonl", "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts))
    done = run("watermark", "c.jsonl", "--key", "r.key", "--out", "m")
    assert done.err.splitlines()[0] == "left alone, not English: 2 of 3 documents"
    assert json.loads((tmp_path / "m" / "certificate.json").read_text())["counts"]["foreign"] == 2
    lines = [(tmp_path / name / "c.jsonl").read_bytes().splitlines() for name in (".", "m/release")]
    assert [one == other for one, other in zip(*lines, strict=True)] == [True, False, True]


def test_a_line_of_ten_megabytes(lay, run, tmp_path):
    """It is a document like any other, whatever stands in it, and what stands beside it is marked."""
    rows = [{"text": "0" * 10_000_000}, {"text": "The large house was purchased quickly."}]
    path = lay("c.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    done = run("watermark", "c.jsonl", "--key", "r.key", "--out", "m", "--encoder", "none")
    assert done.code == 0
    assert done.err.startswith("1 of 2 documents marked")
    assert run("undo", "m/release", "--ledger", "m/ledger.parquet", "--out", "back").code == 0
    assert (tmp_path / "back" / "c.jsonl").read_bytes() == path.read_bytes()


def test_a_folder_that_exists(marked, corpus, run, refused, tmp_path):
    """A release is not replaced unasked, and --resume goes on with an interrupted run only."""
    again = ["watermark", corpus, "--key", "r.key", "--out", marked]
    said = "m: exists; expected a new folder; try another name, or --force for a release"
    assert refused(*again) == refused(*again, "--resume") == said
    (tmp_path / ".n.unfinished").mkdir()
    message = refused("watermark", corpus, "--key", "r.key", "--out", "n")
    assert message == (".n.unfinished: an interrupted run left its work; try --resume to go on, --force to start again")
    assert run("watermark", corpus, "--key", "r.key", "--out", "n", "--resume").code == 0


def test_an_edited_release_is_found(marked, run, refused):
    """Verify and undo name file, line and document that was edited after embedding."""
    path = marked / "release" / "c.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:6], lines[6].replace("Number 6", "Number 7"), *lines[7:]]))
    done = run("verify", marked)
    assert done.code == 1
    assert "m/release/c.jsonl:7: document 'd6' is not what the ledger renders" in done.out + done.err
    message = refused("undo", marked / "release", "--ledger", marked / "ledger.parquet", "--out", "back")
    assert message.startswith("m/release/c.jsonl:7: document 'd6' is missing from the release or was edited")


def test_a_broken_stream(lay, refused):
    """A stream is called ``-``, with the number of its line."""
    del lay
    message = refused("watermark", "-", "--key", "r.key", "--out", "m", stdin="\n".join([*LINES, "{"]).encode())
    assert message.startswith("-:9: malformed JSON")
    assert refused("ngram", "-", "--out", "n.parquet").startswith("-: no documents in it")


def test_a_key_that_is_none(lay, refused):
    """An empty, foreign or missing key file is named, and never shown."""
    lay("c.jsonl", LINES[0])
    for content in ("", "secret", b"\0\xff", "provtool-key-1:5ec3e7", "provtool-key-1:" + "5ec3e7" * 11):
        lay("wrong.key", content)
        message = refused("watermark", "c.jsonl", "--key", "wrong.key", "--out", "m")
        assert message.startswith("wrong.key: not a provtool key, or of the wrong length; expected 'provtool-key-1:'")
        assert "secret" not in message
        assert "5ec3e7" not in message
    assert "none.key: cannot be read" in refused("watermark", "c.jsonl", "--key", "none.key", "--out", "m")
    assert refused("watermark", "c.jsonl", "--out", "m").startswith("no key was given; expected --key FILE or PROVTOOL")


def cut(path):
    """Cut a file short."""
    path.write_bytes(path.read_bytes()[:-30])


def other_schema(path):
    """Make a table say that it is of a later schema."""
    table = pq.read_table(path)
    header = json.loads(table.schema.metadata[artifacts.METADATA_KEY]) | {"schema": 99}
    pq.write_table(table.replace_schema_metadata({artifacts.METADATA_KEY: json.dumps(header)}), path)


def foreign(path):
    """Put a table of somebody else's in place."""
    pq.write_table(pa.table({"a": [1]}), path)


SPOILT = [
    (cut, "not a whole Parquet file"),
    (other_schema, "of schema 99; expected schema 1; try the version of provtool that wrote it"),
    (foreign, "a Parquet file, but not one of provtool's; expected a "),
    (lambda path: path.unlink(), "no such file"),
]


@pytest.mark.parametrize(("spoil", "message"), SPOILT)
def test_a_spoilt_ledger(marked, counts, refused, tmp_path, spoil, message):
    """A ledger cut short, of an unknown schema, foreign or missing is refused by audit and undo."""
    ledger = marked / "ledger.parquet"
    spoil(tmp_path / ledger)
    assert f"m/ledger.parquet: {message}" in refused("audit", "watermark", ledger, "--suspect", counts).replace(
        "ledger of schema", "of schema"
    )
    refused("undo", marked / "release", "--ledger", ledger, "--out", "back")


@pytest.mark.parametrize(("spoil", "message"), SPOILT)
def test_a_spoilt_transcript(transcript, counts, refused, tmp_path, spoil, message):
    """Likewise a transcript."""
    spoil(tmp_path / transcript)
    assert message in refused("audit", "order", transcript, "--suspect", counts)


@pytest.mark.parametrize(("spoil", "message"), SPOILT)
def test_spoilt_scores(run, marked, counts, refused, spoil, message):
    """Likewise a table of scores."""
    run("score", marked / "ledger.parquet", "--suspect", counts, "--out", "s.parquet")
    spoil(Path("s.parquet"))
    assert message in refused("audit", "watermark", marked / "ledger.parquet", "--scores", "s.parquet")


def test_one_table_for_another(marked, transcript, counts, refused):
    """A ledger where a transcript is wanted, and the other way round, is said in words."""
    message = refused("audit", "order", marked / "ledger.parquet", "--suspect", counts)
    assert message.startswith(
        "m/ledger.parquet: this is a ledger; expected a transcript (one row is a training example)"
    )
    message = refused("audit", "watermark", transcript, "--suspect", counts)
    assert message.startswith("run.parquet: this is a transcript; expected a ledger")


def test_an_altered_choice(run, marked, counts, refused):
    """A ledger whose published choices were changed is caught by the key, with document and word."""
    table = artifacts.read(marked / "ledger.parquet", ledgers.LEDGER)
    rows = table.rows.to_pylist()
    chosen = rows[3]["sites"][0]["chosen"]
    chosen[0] = (chosen[0] + 1) % len(rows[3]["sites"][0]["options"])
    artifacts.write(marked / "ledger.parquet", rows, kind=ledgers.LEDGER, header=table.header)
    message = refused("audit", "watermark", marked / "ledger.parquet", "--key", "r.key", "--suspect", counts)
    assert "document 'd3', word " in message
    assert "the recorded choices are not what the key deals" in message
    assert run("audit", "watermark", marked / "ledger.parquet", "--suspect", counts).code == 0


def test_a_ledger_that_no_key_dealt(run, corpus, counts, refused):
    """The published strategy's ledger is refused before the suspect is asked."""
    run("watermark", corpus, "--strategy", "leximark", "--out", "m")
    message = refused("audit", "watermark", "m/ledger.parquet", "--suspect", counts)
    assert message.startswith("m/ledger.parquet: strategy 'leximark' deals without a key and has no exact null")


def test_positions_all_equal(run, lay, counts, refused):
    """A transcript without an order is refused at import, and by the audit before the suspect is asked."""
    rows = [{"id": str(row), "position": 3, "text": f"text {row}"} for row in range(9)]
    lay("seen.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert refused("transcript", "import", "seen.jsonl", "--out", "t.parquet").startswith("seen.jsonl: positions all")
    lay("seen.jsonl", "".join(json.dumps(row | {"position": int(row["id"])}) + "\n" for row in rows))
    run("transcript", "import", "seen.jsonl", "--out", "t.parquet")
    table = artifacts.read("t.parquet", tables.TRANSCRIPT)
    equal = [row | {"positions": [3]} for row in table.rows.to_pylist()]
    artifacts.write("t.parquet", equal, kind=tables.TRANSCRIPT, header=table.header)
    message = refused("audit", "order", "t.parquet", "--suspect", counts)
    assert message == "t.parquet: positions are all equal; expected an order"


def test_neither_text_nor_tokenizer(run, lay, counts, corpus, refused, tmp_path):
    """Token ids of nobody knows which tokenizer cannot be scored."""
    del run, corpus
    rows = [{"id": str(row), "position": row, "tokens": [1, 2, row]} for row in range(9)]
    lay("seen.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    message = refused("transcript", "import", "seen.jsonl", "--out", "t.parquet")
    assert "tokeni" in message
    assert not (tmp_path / "t.parquet").exists()
    assert "no such file" in refused("audit", "order", "t.parquet", "--suspect", counts)


def test_an_unknown_suspect(marked, counts, refused):
    """A name that is no suspect is exit 1 with what might have been meant; a model that cannot be asked is exit 4."""
    del counts
    asked = ["audit", "watermark", marked / "ledger.parquet", "--suspect"]
    assert (
        refused(*asked, "gpt9")
        == "unknown suspect 'gpt9'; expected hf:…, ngram:…, column:…, openai:…, text-only:…; try hf:gpt9"
    )
    assert refused(*asked, "ngram:none.parquet") == "none.parquet: no such file"
    assert refused(*asked, "column:x") == "column:x; expected column:FILE:NAME, such as column:scores.parquet:loglik"
    assert refused(*asked, "hf:./none", code=4).startswith("model './none' cannot be loaded")


def test_a_column_that_lacks_rows(marked, refused, lay):
    """Log-likelihoods computed elsewhere must cover every record; the first missing ones are named."""
    lay("x.csv", "id,loglik\nd0,-1.0\n")
    message = refused("audit", "watermark", marked / "ledger.parquet", "--suspect", "column:x.csv:loglik")
    assert message.startswith("x.csv: 195 of 200 records have no row: d1, d1, d1, …; expected a row for every record")

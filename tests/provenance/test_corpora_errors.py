"""Every mistake in a corpus is one clear line that names file and line."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from provenance import corpora
from provenance.errors import InputError

GOOD = b'{"id": "a", "text": "one"}\n'


def complaint(path, **options):
    """Read a corpus and give the message it ends with."""
    with pytest.raises(InputError) as caught:
        list(corpora.read(corpora.open(path, **options)))
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "raw", "line", "said"),
    [
        ("a.jsonl", GOOD + b'{"text": "two"', 2, "malformed JSON (Expecting ',' delimiter"),
        ("a.jsonl", GOOD + b"\n\n{'text': 1}\n", 4, "malformed JSON"),
        ("a.jsonl", GOOD + b'{"text": "tab\there"}\n', 2, "malformed JSON (Invalid control character"),
        ("a.jsonl", GOOD + b'["two"]\n', 2, "this line is a list; expected one JSON object a line"),
        ("a.json", b'[\n{"text": "one"}\n]\n', 1, "expected one JSON object a line"),
        ("a.jsonl", GOOD + b"null\n", 2, "this line is null"),
        (
            "a.jsonl",
            GOOD + b'{"txet": "two", "n": 1}\n',
            2,
            "no field 'text'; expected one of txet, n; try --text-field",
        ),
        ("a.jsonl", GOOD + b'{"txet": "two"}\n', 2, "did you mean 'txet'?"),
        ("a.jsonl", GOOD + b"{}\n", 2, "no field 'text'"),
        ("a.jsonl", GOOD + b'{"text": null}\n', 2, "field 'text' is null; expected a string"),
        ("a.jsonl", GOOD + b'{"text": 7}\n', 2, "field 'text' is a number"),
        ("a.jsonl", GOOD + b'{"text": "\\ud83d"}\n', 2, "half a surrogate pair"),
        ("a.jsonl", GOOD + b'{"text": "x", "n": ' + b"1" * 5000 + b"}\n", 2, "JSON beyond what can be read"),
        ("a.jsonl", GOOD + b'{"text": "x", "n": ' + b"[" * 100_000 + b"}\n", 2, "JSON beyond what can be read"),
        ("a.jsonl", GOOD + b'{"text": "\xff"}\n', 2, "byte 0xff is not UTF-8"),
        ("a.jsonl", GOOD + b'{"text": "\0"}\n', 2, "a NUL byte, so this is no text"),
        ("a.jsonl", GOOD + b"\n" + GOOD, 3, "duplicate id 'a'"),
        ("a.txt", b"one\ntwo\n\x80\n", 3, "byte 0x80 is not UTF-8"),
        ("a.txt", b"one\n\0", 2, "a NUL byte"),
        ("a.csv", b"id,text\n1,one\n2,two,three\n", 3, "3 fields; expected 2, as in the header"),
        ("a.csv", b'id,text\n1,"on\ne"\n2\n', 4, "1 fields; expected 2"),
        ("a.csv", b"id,body\n1,one\n", 1, "no field 'text'; expected one of id, body"),
        ("a.csv", b"text,text\n1,one\n", 1, "2 columns are called 'text'"),
        ("a.csv", b'id,text\n1,"one\n2,two\n', 2, "a quote opens in this row and never closes"),
        ("a.csv", b'id,text\n1,"one"x\n', 2, "'x' after a closing quote, in field 2"),
        ("a.csv", b"id,text\n1,one\n1,two\n", 3, "duplicate id '1'"),
        ("a.csv", b"id,text\n1,\xe9\n", 2, "not UTF-8"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, name, raw, line, said):
    """A malformed, incomplete or foreign record is told as file, line, what, and what was expected."""
    path = tmp_path / name
    path.write_bytes(raw)
    message = complaint(path)
    assert message.startswith(f"{path}:{line}: ")
    assert said in message


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.txt", "a.jsonl.gz", "a.txt.zst"])
@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf"])
def test_an_empty_corpus_is_a_mistake(tmp_path, name, raw):
    """A file without any document is an error, not an empty stream."""
    packed = gzip.compress(raw) if name.endswith("gz") else raw
    (tmp_path / name).write_bytes(zstandard.compress(raw) if name.endswith("zst") else packed)
    assert complaint(tmp_path / name) == f"{tmp_path / name}: no documents in it; expected at least one"


def test_a_header_alone_is_an_empty_corpus(tmp_path):
    """A CSV file with a header and no rows holds no documents."""
    (tmp_path / "a.csv").write_bytes(b"id,text\n")
    assert "no documents in it" in complaint(tmp_path / "a.csv")


def test_nothing_there(tmp_path):
    """A path that does not exist is said to be missing."""
    assert "no such file or folder" in complaint(tmp_path / "missing.jsonl")


@pytest.mark.parametrize("name", ["a.docx", "a", "a.parquet.gz", "a.jsonl.bz2"])
def test_an_unknown_kind_of_file(tmp_path, name):
    """An extension that we do not read is answered with those that we do."""
    (tmp_path / name).write_bytes(GOOD)
    message = complaint(tmp_path / name)
    assert "unknown kind of file" in message
    assert ".jsonl .ndjson .json .csv .tsv .txt .md .parquet" in message


def test_a_folder_without_anything_we_read(tmp_path):
    """A folder of other files is an error that lists what would have been read."""
    (tmp_path / "image.png").write_bytes(b"\0")
    assert "no file in this folder is one we read" in complaint(tmp_path)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("lines", [1, 5000])
def test_a_compressed_file_cut_short(tmp_path, suffix, lines):
    """A .gz or .zst file that ends too early is never taken for a whole one."""
    raw = b"".join(json.dumps({"text": f"{n * 7919 % 5003} words"}).encode() + b"\n" for n in range(lines))
    packed = gzip.compress(raw) if suffix == ".gz" else zstandard.compress(raw)
    for kept in (len(packed) - 1, len(packed) // 2, 5):
        (tmp_path / f"a.jsonl{suffix}").write_bytes(packed[:kept])
        assert f"a {suffix} file that ends too early" in complaint(tmp_path / f"a.jsonl{suffix}")


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_file_that_is_not_compressed(tmp_path, suffix):
    """A plain file under a compressed name is refused."""
    (tmp_path / f"a.jsonl{suffix}").write_bytes(GOOD)
    assert f"not a whole {suffix} file" in complaint(tmp_path / f"a.jsonl{suffix}")


def test_a_parquet_file_cut_short(tmp_path):
    """A truncated Parquet file is told as such."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["one"] * 1000}), path)
    path.write_bytes(path.read_bytes()[:-10])
    assert "not a whole Parquet file" in complaint(path)


def test_a_parquet_file_damaged_inside(tmp_path):
    """A Parquet file whose pages are damaged is told as such, although its footer is whole."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"{n} words" for n in range(1000)]}), path, compression="gzip")
    raw = bytearray(path.read_bytes())
    raw[4:300] = bytes(296)
    path.write_bytes(raw)
    assert "not a whole Parquet file" in complaint(path)


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        ({"txet": ["a"]}, {}, "did you mean 'txet'?"),
        ({"text": [1]}, {}, "field 'text' is int64; expected a string"),
        ({"text": ["a", None]}, {}, "row 2: field 'text' is null; expected a string"),
        ({"id": [1, 1], "text": ["a", "b"]}, {}, "row 2: duplicate id '1'"),
        ({"text": ["a"]}, {"id_field": "key"}, "no field 'key'; expected one of text; try --id-field NAME"),
        ({"meta": [{"body": "a"}]}, {"text_field": "meta.bodi"}, "did you mean 'meta.body'?"),
        ({"key": [1.5], "text": ["a"]}, {"id_field": "key"}, "id field 'key' is a number; expected a string"),
    ],
)
def test_mistakes_in_a_table(tmp_path, table, options, said):
    """A wrong column, type, value or id in Parquet is told with its row."""
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    assert said in complaint(tmp_path / "a.parquet", **options)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"text": "a", "key": None}, "id field 'key' is null"),
        ({"text": "a", "key": ""}, "id field 'key' is empty"),
        ({"text": "a", "key": True}, "id field 'key' is true or false"),
        ({"text": "a", "kee": 1}, "no field 'key'; expected one of text, kee; try --id-field kee"),
    ],
)
def test_an_id_that_is_none(tmp_path, record, said):
    """Where an id field was named, every record must have a usable one."""
    (tmp_path / "a.jsonl").write_text(json.dumps(record), encoding="utf-8")
    assert said in complaint(tmp_path / "a.jsonl", id_field="key")


def test_a_nested_field_that_does_not_exist(tmp_path):
    """A dotted name is explained at the level where it goes wrong."""
    (tmp_path / "a.jsonl").write_text('{"meta": {"body": "x"}}', encoding="utf-8")
    assert "no field 'meta.text'; expected one of meta.body" in complaint(tmp_path / "a.jsonl", text_field="meta.text")
    assert "no field 'meta.body.x'" in complaint(tmp_path / "a.jsonl", text_field="meta.body.x")


def test_ids_may_not_meet_across_files(tmp_path):
    """An id is given once in a corpus, not once in a file."""
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    (tmp_path / "b.jsonl").write_bytes(GOOD)
    assert complaint(tmp_path).startswith(f"{tmp_path / 'b.jsonl'}:1: duplicate id 'a'")

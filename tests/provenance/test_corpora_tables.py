"""Parquet files and `datasets` folders keep schema, metadata, row groups and values."""

import datetime as dt
import json
import os

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance import corpora
from provenance.errors import InputError

ROWS = 7
STRUCT = pa.struct([pa.field("body", pa.string(), nullable=False), pa.field("n", pa.int64())])
KINDS = [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]


def columns(kind):
    """Make a table with one column of each awkward type."""
    schema = pa.schema(
        [
            pa.field("id", pa.int16()),
            pa.field("text", kind, metadata={"note": "é"}),
            pa.field("meta", STRUCT),
            pa.field("tags", pa.list_(pa.string())),
            pa.field("when", pa.timestamp("us", tz="UTC")),
            pa.field("price", pa.decimal128(7, 2)),
        ],
        metadata={"origin": "by hand"},
    )
    rows = {
        "id": list(range(ROWS)),
        "text": [f"text {row} 😀" for row in range(ROWS)],
        "meta": [{"body": f"body {row}", "n": None} for row in range(ROWS)],
        "tags": [["a", None], [], None, ["b"], [], [], []],
        "when": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * ROWS,
        "price": [None] * ROWS,
    }
    return pa.table(rows, schema=schema)


def exclaimed(corpus):
    """Give edits that put a word before every other text."""
    for row, _ in enumerate(corpora.read(corpus)):
        yield [corpora.Edit(start=0, end=0, replacement="Lo ")] if row % 2 else []


def expected(texts):
    """Give the texts that `exclaimed` makes."""
    return [("Lo " if row % 2 else "") + text for row, text in enumerate(texts)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("compression", ["zstd", "none", {"text": "gzip", "id": "snappy"}], ids=str)
def test_parquet_keeps_all_but_the_edited_texts(tmp_path, kind, compression):
    """Schema, metadata, row groups, codecs and every other value survive edits in the text column."""
    table = columns(kind)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=3, compression=compression)
    corpus = corpora.open(tmp_path / "a.parquet")
    corpora.rewrite(corpus, exclaimed(corpus), out=tmp_path / "out")
    before, after = pq.ParquetFile(tmp_path / "a.parquet"), pq.ParquetFile(tmp_path / "out/a.parquet")
    with before, after:
        assert after.schema_arrow.equals(before.schema_arrow, check_metadata=True)
        assert after.schema.equals(before.schema)
        assert after.schema_arrow.metadata == {b"origin": b"by hand"}
        for group in range(3):
            old, new = before.metadata.row_group(group), after.metadata.row_group(group)
            assert new.num_rows == old.num_rows
            assert [new.column(i).compression for i in range(7)] == [old.column(i).compression for i in range(7)]
        original, result = before.read(), after.read()
    assert result.column("text").to_pylist() == expected(table.column("text").to_pylist())
    assert result.drop(["text"]).equals(original.drop(["text"]))


def test_edits_and_their_inverse_give_the_parquet_table_back(tmp_path):
    """A marked and restored Parquet file holds the original table."""
    table = columns(pa.string())
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=4)
    corpus = corpora.open(tmp_path / "a.parquet")
    corpora.rewrite(corpus, [[corpora.Edit(start=0, end=4, replacement="word")]] * ROWS, out=tmp_path / "out")
    release = corpora.open(tmp_path / "out")
    corpora.rewrite(release, [[corpora.Edit(start=0, end=4, replacement="text")]] * ROWS, out=tmp_path / "back")
    original = pq.read_table(tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "back/a.parquet").equals(original, check_metadata=True)


def test_a_text_inside_a_struct(tmp_path):
    """A dotted name reaches into a struct, whose other fields stay."""
    table = columns(pa.string())
    pq.write_table(table, tmp_path / "a.parquet")
    corpus = corpora.open(tmp_path / "a.parquet", text_field="meta.body")
    corpora.rewrite(corpus, exclaimed(corpus), out=tmp_path / "out")
    result = pq.read_table(tmp_path / "out/a.parquet")
    assert result.schema.equals(pq.read_schema(tmp_path / "a.parquet"), check_metadata=True)
    bodies = expected([f"body {row}" for row in range(ROWS)])
    assert result.column("meta").to_pylist() == [{"body": body, "n": None} for body in bodies]


def test_a_file_without_an_arrow_schema_gets_none(tmp_path):
    """A Parquet file written by another tool keeps its metadata as it was."""
    pq.write_table(pa.table({"text": ["one"]}), tmp_path / "a.parquet", store_schema=False)
    corpora.rewrite(corpora.open(tmp_path / "a.parquet"), [[]], out=tmp_path / "out")
    assert pq.read_metadata(tmp_path / "out/a.parquet").metadata is None


def test_a_file_of_old_nesting_and_old_times_keeps_them(tmp_path):
    """Parquet files with the older names of list items and the older timestamps are written the same way."""
    path = tmp_path / "a.parquet"
    old = {"use_compliant_nested_type": False, "use_deprecated_int96_timestamps": True, "version": "1.0"}
    table = pa.table({"text": ["one"], "n": [["x"]], "t": pa.array([0], pa.timestamp("ns"))})
    pq.write_table(table, path, **old)
    corpora.rewrite(corpora.open(path), [[]], out=tmp_path / "out")
    assert pq.ParquetFile(tmp_path / "out/a.parquet").schema.equals(pq.ParquetFile(path).schema)
    assert pq.read_metadata(tmp_path / "out/a.parquet").format_version == "1.0"


@pytest.mark.parametrize("group", [500, 10_000])
def test_reading_parquet_holds_no_more_than_a_few_batches(tmp_path, group):
    """Near the end of a file of 20 MB, Arrow holds less than 6 MB of it, even where it is a single row group."""
    texts = [os.urandom(1000).hex() for _ in range(10_000)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=group, use_dictionary=False)
    before, held = pa.total_allocated_bytes(), 0
    for _ in corpora.read(corpora.open(tmp_path / "a.parquet")):
        held = max(held, pa.total_allocated_bytes() - before)
    assert held < 6_000_000


def saved(folder, *, shards=2):
    """Save a dataset as its users do."""
    rows = {"id": [f"r{row}" for row in range(ROWS)], "text": [f"text {row}" for row in range(ROWS)], "n": range(ROWS)}
    whole = datasets.Dataset.from_dict(rows)
    whole.save_to_disk(folder, num_shards=shards)
    return whole


def test_a_datasets_folder_loads_again(tmp_path):
    """A rewritten `datasets` folder is loaded by `datasets` with edited texts, same features and other columns."""
    whole = saved(tmp_path / "set")
    corpus = corpora.open(tmp_path / "set")
    assert [entry.document.id for entry in corpora.read(corpus)] == whole["id"][:]
    corpora.rewrite(corpus, exclaimed(corpus), out=tmp_path / "out")
    result = datasets.load_from_disk(tmp_path / "out")
    assert result["text"][:] == expected(whole["text"][:])
    assert result["n"][:] == whole["n"][:]
    assert result.features == whole.features
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        path.name for path in (tmp_path / "set").iterdir()
    )


def test_edited_rows_get_a_fingerprint_of_their_own(tmp_path):
    """`datasets` must not find the original's cached results for edited rows; unedited rows keep theirs."""
    saved(tmp_path / "set")
    corpus = corpora.open(tmp_path / "set")
    corpora.rewrite(corpus, exclaimed(corpus), out=tmp_path / "out")
    corpora.rewrite(corpus, [[]] * ROWS, out=tmp_path / "same")
    states = [json.loads((tmp_path / name / "state.json").read_text()) for name in ("set", "out", "same")]
    assert states[0]["_fingerprint"] != states[1]["_fingerprint"]
    assert states[0] == states[2]


def test_a_dataset_of_splits(tmp_path):
    """A saved DatasetDict is a folder of `datasets` folders, and loads again as one."""
    parts = {name: datasets.Dataset.from_dict({"text": [f"{name} {n}" for n in range(3)]}) for name in ("train", "dev")}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "set")
    corpus = corpora.open(tmp_path / "set")
    assert [entry.document.text for entry in corpora.read(corpus)][:3] == ["dev 0", "dev 1", "dev 2"]
    corpora.rewrite(corpus, [[]] * 6, out=tmp_path / "out")
    result = datasets.load_from_disk(tmp_path / "out")
    assert {name: result[name]["text"][:] for name in result} == {name: part["text"][:] for name, part in parts.items()}
    assert len(corpora.digest(corpus)) == 64


def test_an_arrow_file_cut_between_batches_is_no_whole_one(tmp_path):
    """A `datasets` folder whose Arrow file lacks its end is refused, although what is left can be read."""
    saved(tmp_path / "set", shards=1)
    (path,) = (tmp_path / "set").glob("*.arrow")
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="ends too early"):
        list(corpora.read(corpora.open(tmp_path / "set")))


def test_a_damaged_state_is_told(tmp_path):
    """A `datasets` folder whose state cannot be read is an error that names the file."""
    saved(tmp_path / "set")
    (tmp_path / "set/state.json").write_text("{}")
    with pytest.raises(InputError, match=r"state\.json: not the state of a saved dataset"):
        corpora.open(tmp_path / "set")


@pytest.mark.parametrize("name", ["../a.arrow", "/a.arrow", "..", ""])
def test_a_dataset_names_files_of_its_own_only(tmp_path, name):
    """A state that names a file elsewhere is refused: writing it would leave the output folder."""
    saved(tmp_path / "set")
    (tmp_path / "set/state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}))
    with pytest.raises(InputError, match="lies outside the dataset"):
        corpora.open(tmp_path / "set")


def test_a_damaged_arrow_file_is_told_and_nothing_is_written(tmp_path):
    """An Arrow file whose beginning is damaged is an error when read and when rewritten."""
    saved(tmp_path / "set", shards=1)
    (path,) = (tmp_path / "set").glob("*.arrow")
    path.write_bytes(b"\x07" * 64 + path.read_bytes()[64:])
    corpus = corpora.open(tmp_path / "set")
    with pytest.raises(InputError, match="not a whole Arrow file"):
        list(corpora.read(corpus))
    with pytest.raises(InputError, match="not a whole Arrow file"):
        corpora.rewrite(corpus, [[]] * ROWS, out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []

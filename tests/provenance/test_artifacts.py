"""Files written whole or not at all, and read back only if they are ours."""

import pickle
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import artifacts, storage
from provenance.artifacts import Header, Kind
from provenance.errors import ArtifactError, InputError

KIND = Kind(name="thing", row="a thing", columns=pa.schema([("id", pa.string()), ("sizes", pa.list_(pa.int64()))]))
OTHER = Kind(name="other", row="another", columns=KIND.columns)
HEADER = Header(inputs={"source": "0" * 64}, settings={"a": 1, "b": [None, "é"]})
ROWS = [{"id": "é\u0000", "sizes": [1, 2]}, {"id": None, "sizes": None}]


@settings(max_examples=60)
@given(
    st.lists(
        st.fixed_dictionaries({"id": st.none() | st.text(), "sizes": st.none() | st.lists(st.integers(0, 9))}),
        max_size=30,
    ),
    st.integers(1, 9),
)
def test_rows_that_come_many_at_a_time_have_the_same_bytes(tmp_path_factory, rows, together):
    """However they come, row groups end where they do when rows come one by one."""
    path = tmp_path_factory.mktemp("batches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(artifacts, "ROWS_PER_GROUP", 7)
        patch.setattr(artifacts, "UNITS_PER_GROUP", 11)
        artifacts.write(path / "one", rows, kind=KIND, header=HEADER)
        parts = [rows[first : first + together] for first in range(0, len(rows), together)]
        batches = (pa.RecordBatch.from_pylist(part, schema=KIND.columns) for part in parts)
        artifacts.write_batches(path / "many", batches, kind=KIND, header=HEADER)
    assert (path / "one").read_bytes() == (path / "many").read_bytes()


@settings(max_examples=30)
@given(st.lists(st.fixed_dictionaries({"id": st.none() | st.text(), "sizes": st.none() | st.lists(st.integers(0, 9))})))
def test_read_gives_what_was_written(tmp_path_factory, rows):
    """Rows and header come back as they were, and streaming gives the same."""
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    artifacts.write(path, rows, kind=KIND, header=HEADER)
    table = artifacts.read(path, KIND)
    assert table.rows.to_pylist() == rows == list(artifacts.stream(path, KIND))
    assert table.header == HEADER == artifacts.read_header(path, KIND)
    assert artifacts.kind_of(path) == "thing"


def test_same_rows_same_bytes(tmp_path):
    """The same rows and header are the same file."""
    for name in "ab":
        artifacts.write(tmp_path / name, ROWS, kind=KIND, header=HEADER)
    assert storage.digest(tmp_path / "a") == storage.digest(tmp_path / "b")


def test_more_rows_than_a_group(tmp_path):
    """Tables longer than one row group are whole."""
    rows = [{"id": str(row), "sizes": [row]} for row in range(artifacts.ROWS_PER_GROUP + 3)]
    artifacts.write(tmp_path / "t", rows, kind=KIND, header=HEADER)
    assert artifacts.read(tmp_path / "t", KIND).column("id") == [row["id"] for row in rows]


def test_what_lies_deep_in_a_row_counts(tmp_path, monkeypatch):
    """Rows whose bulk lies in lists of structs end a row group as soon as rows of as much text do."""
    monkeypatch.setattr(artifacts, "UNITS_PER_GROUP", 1000)
    deep = Kind(
        name="deep",
        row="a thing",
        columns=pa.schema(
            [("places", pa.list_(pa.struct([("word", pa.string()), ("options", pa.list_(pa.string()))])))]
        ),
    )
    place = {"word": "large", "options": ("large", "big", "huge")}
    artifacts.write(tmp_path / "deep", [{"places": [place] * 25}] * 8, kind=deep, header=HEADER)
    assert pq.ParquetFile(tmp_path / "deep").num_row_groups == 4
    assert artifacts.read(tmp_path / "deep", deep).rows.num_rows == 8


def test_a_failed_write_leaves_nothing(tmp_path):
    """When the block raises, neither the file nor its temporary is there, and an old file stays."""
    path = tmp_path / "t"
    artifacts.write(path, ROWS, kind=KIND, header=HEADER)
    before = path.read_bytes()

    def broken():
        yield ROWS[0]
        raise KeyboardInterrupt

    def write():
        with artifacts.TableWriter(path, kind=KIND, header=HEADER) as writer:
            for row in broken():
                writer.write(row)

    with pytest.raises(KeyboardInterrupt):
        write()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_killed_write_leaves_no_half_file(tmp_path):
    """A process killed in the middle of a write leaves nothing under the file's name."""
    code = (
        "import os, signal, sys; from provenance import storage\n"
        "with storage.atomic(sys.argv[1]) as path:\n"
        "    path.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "f.json")], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "f.json").exists()


def test_a_kind_is_not_taken_for_another(tmp_path):
    """A table of another kind, schema or maker is refused in one line that says what it is."""
    path = tmp_path / "t"
    artifacts.write(path, ROWS, kind=OTHER, header=HEADER)
    with pytest.raises(ArtifactError, match=r"this is a other; expected a thing \(one row is a thing\)"):
        artifacts.read(path, KIND)
    newer = Kind(name="thing", row="a thing", columns=KIND.columns, schema=2)
    artifacts.write(path, ROWS, kind=newer, header=HEADER)
    with pytest.raises(ArtifactError, match="thing of schema 2; expected schema 1"):
        artifacts.read(path, KIND)
    pq.write_table(pa.table({"id": ["a"]}), path)
    with pytest.raises(ArtifactError, match="not one of provtool's"):
        artifacts.read(path, KIND)
    assert artifacts.kind_of(path) is None


@pytest.mark.parametrize("keep", [0, 3, 100, -5])
def test_a_truncated_file_is_told(tmp_path, keep):
    """A Parquet file cut short anywhere is an error that names it."""
    path = tmp_path / "t.parquet"
    artifacts.write(path, ROWS, kind=KIND, header=HEADER)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ArtifactError, match=r"t\.parquet: not a whole Parquet file"):
        artifacts.read(path, KIND)


def test_missing_files_and_folders(tmp_path):
    """What is not there is said so; where nothing can be written, too."""
    with pytest.raises(InputError, match="no such file"):
        artifacts.read(tmp_path / "nowhere", KIND)
    with pytest.raises(InputError, match="cannot be read"):
        storage.digest(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        storage.write_json(tmp_path / "file" / "x.json", {})


def test_json_of_another_schema_is_refused(tmp_path):
    """JSON that is broken, no object, or of another schema is one clear line, with the line number."""
    path = tmp_path / "x.json"
    storage.write_json(path, {"schema": "s/1", "é": 1})
    assert storage.read_json(path, schema="s/1")["é"] == 1
    with pytest.raises(ArtifactError, match="schema is 's/1'; expected 's/2'"):
        storage.read_json(path, schema="s/2")
    path.write_text("{\n]")
    with pytest.raises(ArtifactError, match=r"x\.json:2: not JSON"):
        storage.read_json(path, schema="s/1")
    path.write_text("[]")
    with pytest.raises(ArtifactError, match="schema is None"):
        storage.read_json(path, schema="s/1")


def test_nan_is_no_json():
    """NaN and infinity never reach a file."""
    with pytest.raises(ValueError, match="Out of range"):
        storage.dump_json({"a": float("nan")})


@pytest.mark.parametrize("text", ['{"schema": "s", "p": NaN}', '{"schema": "s", "n": ' + "1" * 5000 + "}"])
def test_numbers_that_are_none_are_refused(text):
    """JSON with NaN, or with an integer that no number holds, is one clear line."""
    with pytest.raises(ArtifactError, match=r"^f\.json: not sound JSON"):
        storage.parse_json(text, schema="s", path="f.json")


def test_what_goes_wrong_while_writing_leaves_nothing(tmp_path):
    """A row that does not fit its columns, at once or at the last flush, leaves neither file nor temporary."""
    with pytest.raises(ValueError, match="no column 'size'"):
        artifacts.write(tmp_path / "t", [{"id": "a", "size": 1}], kind=KIND, header=HEADER)
    with pytest.raises(pa.ArrowException):
        artifacts.write(tmp_path / "t", [{"id": "a", "sizes": ["x"]}], kind=KIND, header=HEADER)
    with pytest.raises(pa.ArrowException):
        artifacts.write_columns(tmp_path / "t", {"id": [1], "sizes": ["x"]}, kind=KIND, header=HEADER)
    with pytest.raises(RuntimeError), storage.atomic(tmp_path / "t"):
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_table_that_cannot_be_opened_leaves_nothing(tmp_path):
    """Where Parquet has no room for such columns, the temporary is gone too."""
    odd = Kind(name="odd", row="odd", columns=pa.schema([("x", pa.struct([]))]))
    with pytest.raises(pa.ArrowException):
        artifacts.write(tmp_path / "t", [], kind=odd, header=HEADER)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_in_one_line(tmp_path):
    """Where a disk takes no more, the message names the file, and nothing is left."""
    code = (
        "import resource, sys, pyarrow as pa\n"
        "from provenance import artifacts, storage\n"
        "from provenance.errors import InputError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "kind = artifacts.Kind(name='n', row='n', columns=pa.schema([('id', pa.string())]))\n"
        "rows = ({'id': str(hash(str(row)))} for row in range(30_000))\n"
        "for write in (lambda: artifacts.write(sys.argv[1], rows, kind=kind, header=artifacts.Header()),\n"
        "              lambda: storage.write_json(sys.argv[1], 'x' * 30_000)):\n"
        "    try:\n"
        "        write()\n"
        "    except InputError as error:\n"
        "        print(error)\n"
    )
    target = tmp_path / "t.parquet"
    done = subprocess.run([sys.executable, "-c", code, target], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [f"{target}: cannot be written (File too large)"] * 2
    assert not list(tmp_path.iterdir())


def test_only_files_are_replaced(tmp_path):
    """A folder or a device is not written over; a link stays a link to what is then new; names may be long."""
    for path in (tmp_path, "/dev/null"):
        with pytest.raises(InputError, match="not a file that can be replaced"):
            storage.write_json(path, {})
    (tmp_path / "link").symlink_to(tmp_path / "there")
    storage.write_json(tmp_path / "link", [1])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "[\n  1\n]\n"
    storage.write_json(tmp_path / ("n" * 250), [])
    with pytest.raises(InputError, match="cannot be written"):
        storage.write_json(tmp_path / ("n" * 300), [])


def test_secrets_are_for_their_owner(tmp_path):
    """A secret file is never readable by others, whatever the umask; another file is as the umask says."""
    for secret, mode in ((True, 0o600), (False, 0o644)):
        with storage.atomic(tmp_path / "f", secret=secret) as path:
            assert path.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "f").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("header", [b"{", b"[]", b'{"kind": "thing", "schema": 1}', b"\xff"])
def test_a_damaged_header_is_told(tmp_path, header):
    """A header that was altered by hand is one clear line, and of no kind."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": ["a"]}).replace_schema_metadata({b"provtool": header}), path)
    with pytest.raises(ArtifactError, match=r"t\.parquet: its header is damaged .*; expected a thing"):
        artifacts.read(path, KIND)


def test_other_columns_are_told_or_left_out(tmp_path):
    """A column of another type is an error; order and further columns, as pandas leaves them, do no harm."""
    header = artifacts._encode_header(KIND, HEADER)
    path = tmp_path / "t.parquet"
    rows = pa.table({"more": [1], "sizes": [[1, 2]], "id": ["a"]})
    pq.write_table(rows.replace_schema_metadata({b"provtool": header}), path)
    assert artifacts.read(path, KIND).rows.to_pylist() == list(artifacts.stream(path, KIND))
    assert artifacts.read(path, KIND).rows.schema.names == ["id", "sizes"]
    pq.write_table(pa.table({"sizes": ["x"], "id": ["a"]}).replace_schema_metadata({b"provtool": header}), path)
    for reading in (lambda: artifacts.read(path, KIND), lambda: list(artifacts.stream(path, KIND))):
        with pytest.raises(ArtifactError, match=r"t\.parquet: "):
            reading()


def test_errors_are_one_line_and_cross_processes():
    """Whatever a message quotes it stays one line, and a worker's error is the same in the process that waits."""
    error = InputError("a\nb", path="x\ny", line=3, expected="c\r\nd", hint="e")
    assert str(error) == "x y:3: a b; expected c d; try e"
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 (made here)
    assert (type(copy), str(copy), copy.exit_code) == (InputError, str(error), 1)

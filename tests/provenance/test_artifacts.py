"""Files written whole or not at all, and read back only if they are ours."""

import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import artifacts
from provenance.artifacts import Header, Kind
from provenance.errors import ArtifactError, InputError

KIND = Kind(name="thing", row="a thing", columns=pa.schema([("id", pa.string()), ("sizes", pa.list_(pa.int64()))]))
OTHER = Kind(name="other", row="another", columns=KIND.columns)
HEADER = Header(inputs={"source": "0" * 64}, settings={"a": 1, "b": [None, "é"]})
ROWS = [{"id": "é\u0000", "sizes": [1, 2]}, {"id": None, "sizes": None}]


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
    assert artifacts.digest(tmp_path / "a") == artifacts.digest(tmp_path / "b")


def test_more_rows_than_a_group(tmp_path):
    """Tables longer than one row group are whole."""
    rows = [{"id": str(row), "sizes": [row]} for row in range(artifacts.ROWS_PER_GROUP + 3)]
    artifacts.write(tmp_path / "t", rows, kind=KIND, header=HEADER)
    assert artifacts.read(tmp_path / "t", KIND).column("id") == [row["id"] for row in rows]


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
        "import os, signal, sys; from provenance import artifacts\n"
        "with artifacts.atomic(sys.argv[1]) as path:\n"
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
        artifacts.digest(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        artifacts.write_json(tmp_path / "file" / "x.json", {})


def test_json_of_another_schema_is_refused(tmp_path):
    """JSON that is broken, no object, or of another schema is one clear line, with the line number."""
    path = tmp_path / "x.json"
    artifacts.write_json(path, {"schema": "s/1", "é": 1})
    assert artifacts.read_json(path, schema="s/1")["é"] == 1
    with pytest.raises(ArtifactError, match="schema is 's/1'; expected 's/2'"):
        artifacts.read_json(path, schema="s/2")
    path.write_text("{\n]")
    with pytest.raises(ArtifactError, match=r"x\.json:2: not JSON"):
        artifacts.read_json(path, schema="s/1")
    path.write_text("[]")
    with pytest.raises(ArtifactError, match="schema is None"):
        artifacts.read_json(path, schema="s/1")


def test_nan_is_no_json():
    """NaN and infinity never reach a file."""
    with pytest.raises(ValueError, match="Out of range"):
        artifacts.dump_json({"a": float("nan")})

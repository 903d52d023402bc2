"""Release, then undo: the corpus again, for any Unicode, in every format."""

import csv
import gzip
import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from datasets import Dataset, load_from_disk
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provenance import corpora
from watermark import embedding, restoring
from watermark.keys import Key

KEY = Key(secret=bytes(range(32)), id="test")
PROSE = "The whole committee usually began early. A large house stood there; nobody had purchased it. "
LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=3)
HARD = ["", 'say "large" \\ / \u2028x\x85y\x0b\x1c', "e\u0301 \U0001f600 \u202e\ufeff\r\n\r\tA, large; house\r\n"]


def jsonl(texts):
    """Spell texts out as JSON lines with numbers, escapes and spacing that no writer would choose."""
    lines = [
        f'{{ "n":1.0,\t"x" : 1E5, "u":"\\u00e9\\/", "row": {row}, "text":{string} }}'
        for row, string in enumerate(json.dumps(text, ensure_ascii=len(text) % 2 == 0) for text in texts)
    ]
    return "\r\n".join(lines).encode()


def delimited(texts, delimiter):
    """Spell texts out as rows of a table, every cell quoted."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([["n", "text", "row"], *(["1.0", text, row] for row, text in enumerate(texts))])
    return stream.getvalue().encode()


def parquet(texts):
    """Lay texts out as a Parquet file of several row groups, with metadata and a nested column."""
    rows = range(len(texts))
    table = pa.table({"text": list(texts), "n": [{"a": [row, None]} for row in rows]})
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({"a": "b"}), sink, row_group_size=2)
    return sink.getvalue().to_pybytes()


def unzstd(content):
    """Undo zstandard."""
    return zstandard.ZstdDecompressor().decompressobj().decompress(content)


def table(content):
    """Give all that a Parquet file says: groups, schema, metadata, values."""
    file = pq.ParquetFile(io.BytesIO(content))
    return file.num_row_groups, file.schema_arrow.metadata, str(file.schema_arrow), file.read().to_pylist()


PACKED = {"": (bytes, bytes), ".gz": (lambda raw: gzip.compress(raw, mtime=0), gzip.decompress)}
PACKED[".zst"] = (zstandard.compress, unzstd)
SPELT = {
    ".jsonl": jsonl,
    ".csv": lambda texts: delimited(texts, ","),
    ".tsv": lambda texts: delimited(texts, "\t"),
    ".txt": lambda texts: "\n\n".join(texts).encode(),
}
FILES = {
    **{
        f"c{ending}{packing}": (lambda texts, spell=spell, pack=pack: pack(spell(texts)), unpack)
        for ending, spell in SPELT.items()
        for packing, (pack, unpack) in PACKED.items()
    },
    "bom.jsonl": (lambda texts: "\ufeff".encode() + jsonl(texts), bytes),
    "bom.csv": (lambda texts: "\ufeff".encode() + delimited(texts, ";"), bytes),
    "bom.txt": (lambda texts: "\ufeff".encode() + "\r\n".join(texts).encode(), bytes),
    "c.parquet": (parquet, table),
}
"""Each kind of file: how texts are laid out in it, and what of it must come back."""


def emptied(folder):
    """Make a folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def restored(source: Path, folder: Path) -> tuple[Path, int]:
    """Mark and undo; gives where the corpus lies again, and how many words had been changed."""
    made = embedding.release(source, key=KEY, out=folder / "m")
    restoring.undo(made.folder, ledger_path=made.ledger, out=folder / "back")
    assert [entry.document for entry in corpora.read(corpora.open(folder / "back"))] == [
        entry.document for entry in corpora.read(corpora.open(source))
    ]
    return folder / "back", made.counts.edits


@pytest.mark.parametrize("name", FILES)
@LAW
@given(texts=TEXTS, prose=st.booleans())
@example(texts=HARD, prose=True)
def test_every_format_is_given_back(tmp_path, name, texts, prose):
    """undo(release, ledger) is the corpus: its bytes, those inside its packing, or all that its table says."""
    spell, comparable = FILES[name]
    marked = [PROSE + text if prose else text or "x" for text in texts]
    folder = emptied(tmp_path / "law")
    (folder / name).write_bytes(spell(marked))
    back, _ = restored(folder / name, folder)
    assert comparable((back / name).read_bytes()) == comparable((folder / name).read_bytes())


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_really_edited(tmp_path, name):
    """The law is no empty one: words among hard characters are changed in every kind of file."""
    spell, _ = FILES[name]
    (tmp_path / name).write_bytes(spell([PROSE + text for text in HARD]))
    _, edits = restored(tmp_path / name, tmp_path)
    assert edits


@LAW
@given(texts=TEXTS)
@example(texts=HARD)
def test_a_folder_of_every_format_is_given_back(tmp_path, texts):
    """Likewise a folder with a file of every kind, and one that was saved by `datasets` among them."""
    folder, marked = emptied(tmp_path / "law"), [PROSE + text for text in texts]
    source = emptied(folder / "in")
    for name, (spell, _) in FILES.items():
        (source / name).write_bytes(spell(marked))
    saved = Dataset.from_dict({"text": marked, "n": list(range(len(marked)))})
    saved.save_to_disk(source / "saved")
    back, _ = restored(source, folder)
    for name, (_, comparable) in FILES.items():
        assert comparable((back / name).read_bytes()) == comparable((source / name).read_bytes())
    assert load_from_disk(back / "saved")[:] == saved[:]

"""Pythia's preshuffled data, in the binary layout in which they are published."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import storage, transcripts
from provenance.errors import InputError
from provenance.records import Tokenizer
from provenance.transcripts import importing, megatron, numbered, pythia

TOKENIZER = Tokenizer(name="somewhere", sha256="a" * 64)
CODES = {"<u2": 8, "<i4": 4, "<i8": 5}
STEPS = importing.Declared(tokenizer=TOKENIZER, position_unit="step")


def rows_of(count, *, length=2049, seed=0, dtype="<u2"):
    """Draw rows of tokens."""
    return np.random.default_rng(seed).integers(0, 50_000, size=(count, length)).astype(dtype)


def lay(folder, rows, *, name="document", parts=None, published=True):
    """Write rows as Megatron does, the tokens whole or cut into parts of so many bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    content = b"".join(np.ascontiguousarray(row).tobytes() for row in rows)
    sizes = np.array([len(row) for row in rows], dtype="<i4")
    starts = np.concatenate([[0], np.cumsum(sizes[:-1])]) * rows[0].itemsize
    marks = np.arange(len(rows) + 1, dtype="<i8")
    head = b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", 1, CODES[rows[0].dtype.str], len(rows), len(marks))
    (folder / f"{name}.idx").write_bytes(head + sizes.tobytes() + starts.astype("<i8").tobytes() + marks.tobytes())
    if parts is None:
        (folder / f"{name}.bin").write_bytes(content)
        return folder
    pieces = [content[start : start + parts] for start in range(0, len(content), parts)]
    last = len(pieces) - 1 if published else len(pieces)
    for number, piece in enumerate(pieces):
        (folder / f"{name}-{number:05d}-of-{last:05d}.bin").write_bytes(piece)
    return folder


def imported(path, folder, **changes):
    """Import a run and read it back."""
    pythia.import_run(path, out=folder / "run.parquet", **{"declared": STEPS, **changes})
    return transcripts.read(folder / "run.parquet")


def test_every_row_comes_in_with_its_step_and_all_its_tokens(tmp_path):
    """Row k is consumed at step k // 1024, and keeps its 2,049 ids, the last target among them."""
    rows = rows_of(2050)
    found = imported(lay(tmp_path / "d", rows), tmp_path, sample=importing.Sample(rows=200, seed=0))
    numbers = [int(id_) for id_ in found.ids]
    assert numbers == sorted(set(numbers))
    assert [where.tolist() for where in found.positions] == [[number // 1024] for number in numbers]
    assert np.array_equal(np.array(found.tokens), rows[numbers])
    assert (found.run_length, found.position_unit, found.shuffle["kind"]) == (3, "step", "claimed")
    assert found.tokenizer == TOKENIZER


@pytest.mark.parametrize("name", ["", "document.idx", "document.bin", "document", "document-00001-of-00002.bin"])
def test_any_name_of_the_data_leads_to_all_of_them(tmp_path, name):
    """Folder, index, tokens, a part, or what their names begin with."""
    rows = rows_of(20, length=30)
    folder = lay(tmp_path / "d", rows, parts=None if name == "document.bin" else 500)
    data = megatron.open(folder / name if name else folder)
    assert np.array_equal(np.array([data.row(row) for row in range(20)]), rows)


@pytest.mark.parametrize("published", [True, False])
@settings(max_examples=25)
@given(length=st.integers(1, 40), size=st.integers(1, 300), dtype=st.sampled_from(sorted(CODES)))
def test_parts_read_as_the_file_that_they_were_cut_from(tmp_path_factory, published, length, size, dtype):
    """Wherever the cuts fall, also inside of a token, and however the last part is numbered."""
    rows = rows_of(7, length=length, dtype=dtype)
    data = megatron.open(lay(tmp_path_factory.mktemp("parts"), rows, parts=size, published=published))
    assert np.array_equal(np.array([data.row(row) for row in range(7)]), rows)


def test_a_sample_reads_only_the_rows_that_it_takes(tmp_path, monkeypatch):
    """Of 3,000 rows 40 are read from the disk, and each keeps its own step and tokens."""
    rows = rows_of(3000, length=8)
    read = []
    whole = megatron.Data.row
    monkeypatch.setattr(megatron.Data, "row", lambda data, row: read.append(row) or whole(data, row))
    shape = numbered.Shape(rows_per_step=10, sequence_length=8)
    found = imported(lay(tmp_path / "d", rows), tmp_path, shape=shape, sample=importing.Sample(rows=40, seed=3))
    assert len(read) == len(found.ids) == 40
    assert all(where.tolist() == [int(id_) // 10] for id_, where in zip(found.ids, found.positions, strict=True))
    assert all(rows[int(id_)].tolist() == list(ids) for id_, ids in zip(found.ids, found.tokens, strict=True))
    assert (found.run_length, found.shuffle["sample"]) == (300, {"rows": 40, "seed": 3})


def test_the_same_seed_takes_the_same_rows_and_the_header_says_which(tmp_path):
    """Sampling is repeatable, and another seed takes others."""
    folder = lay(tmp_path / "d", rows_of(500, length=8))
    shape = numbered.Shape(rows_per_step=10, sequence_length=8)
    taken = [
        imported(folder, tmp_path, shape=shape, sample=importing.Sample(rows=50, seed=seed)).ids for seed in (1, 1, 2)
    ]
    assert taken[0] == taken[1] != taken[2]


def test_a_declared_run_leaves_out_what_was_never_trained_on(tmp_path):
    """Rows after the last step of the run have no position in it; examples may be counted in place of steps."""
    folder = lay(tmp_path / "d", rows_of(100, length=8))
    shape = numbered.Shape(rows_per_step=10, sequence_length=8)
    steps = imported(folder, tmp_path, shape=shape, declared=importing.Declared(position_unit="step", run_length=7))
    assert (len(steps.ids), steps.run_length, steps.positions[-1].tolist()) == (70, 7, [6])
    singly = imported(folder, tmp_path, shape=shape, declared=importing.Declared(run_length=35, shuffle="full"))
    assert (len(singly.ids), singly.positions[-1].tolist(), singly.shuffle) == (35, [34], {"kind": "full"})


def test_the_index_is_named_by_its_digest(tmp_path):
    """Which data a transcript was made from can be checked later."""
    folder = lay(tmp_path / "d", rows_of(30, length=8))
    imported(folder, tmp_path, shape=numbered.Shape(rows_per_step=10, sequence_length=8))
    header = transcripts.tables.artifacts.read_header(tmp_path / "run.parquet", transcripts.TRANSCRIPT)
    assert header.inputs == {"index": storage.digest(folder / "document.idx")}


def cut(name, size):
    """Cut a file to so many bytes."""
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:size])


def overwrite(offset, content):
    """Write other bytes into the index."""

    def change(folder):
        old = (folder / "document.idx").read_bytes()
        (folder / "document.idx").write_bytes(old[:offset] + content + old[offset + len(content) :])

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (overwrite(0, b"NUMPY"), r"document\.idx: no Megatron index; expected one that begins with MMIDIDX"),
        (cut("document.idx", 20), r"document\.idx: no Megatron index"),
        (cut("document.idx", 300), r"document\.idx: 300 bytes; expected 682 for 30 rows and 36"),
        (overwrite(9, b"\x02"), r"index of version 2 with tokens of format 8; expected version 1"),
        (overwrite(17, b"\x06"), r"version 1 with tokens of format 6; expected .*whole numbers"),
        (
            lambda folder: (folder / "document-00001-of-00004.bin").unlink(),
            r"parts 00001 are missing; expected 5 parts",
        ),
        (lambda folder: (folder / "document-00004-of-00004.bin").unlink(), r"00003-of-00004\.bin: 400 bytes .* in 4"),
        (cut("document-00004-of-00004.bin", 70), r"00004-of-00004\.bin: 470 bytes of tokens in 5 files; expected 480"),
        (lambda folder: (folder / "document.idx").unlink(), r"index files: none; expected one \.idx"),
        (lambda folder: (folder / "other.idx").touch(), r"index files: document\.idx, other\.idx"),
        (
            lambda folder: [part.unlink() for part in folder.glob("*.bin")],
            r"document\.bin: no such file; expected it, or",
        ),
        (overwrite(34 + 4 * 30 + 8 * 2, b"\xff" * 8), r"row 2 is said to lie at bytes -1 to 15"),
        (overwrite(34 + 4 * 2, struct.pack("<i", 9)), r"row 2 has 9 tokens; expected 8; try --sequence-length 9"),
    ],
)
def test_damaged_data_are_one_line_and_leave_nothing_behind(tmp_path, change, message):
    """File or row, what is wrong, what was expected; and no transcript."""
    folder = lay(tmp_path / "d", rows_of(30, length=8), parts=100)
    marks = (folder / "document.idx").read_bytes()
    assert len(marks) == 34 + 12 * 30 + 8 * 31
    # 36 marks are announced where the message says so: the writer's own count of them is no part of what is read.
    (folder / "document.idx").write_bytes(marks[:26] + struct.pack("<Q", 36) + marks[34:] + bytes(8 * 5))
    change(folder)
    with pytest.raises(InputError, match=message) as caught:
        imported(folder, tmp_path, shape=numbered.Shape(rows_per_step=10, sequence_length=8))
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": numbered.Shape(rows_per_step=99, sequence_length=8)}, "positions all equal"),
        ({"shape": numbered.Shape(rows_per_step=9, sequence_length=2049)}, "row 0 has 8 tokens; expected 2049"),
        ({"declared": importing.Declared(shuffle="within-stratum")}, "have none; try --shuffle full"),
        ({"sample": importing.Sample(rows=20, seed=0, select="recent")}, "20 of 30 rows, .*; expected at most 7"),
    ],
)
def test_settings_that_do_not_fit_the_data_are_said(tmp_path, changes, message):
    """A batch larger than the run, another row length, strata where there are none, more than there is near the end."""
    folder = lay(tmp_path / "d", rows_of(30, length=8))
    one_a_step = importing.Declared(tokenizer=TOKENIZER)
    with pytest.raises(InputError, match=message):
        imported(folder, tmp_path, **{"declared": one_a_step if "sample" in changes else STEPS, **changes})


def test_a_negative_token_is_named_with_its_row(tmp_path):
    """Signed formats can hold what is no token."""
    rows = rows_of(30, length=8, dtype="<i4").astype("<i4")
    rows[3, 2] = -5
    with pytest.raises(InputError, match="token -5 in row 3; expected 0 to"):
        imported(lay(tmp_path / "d", rows), tmp_path, shape=numbered.Shape(rows_per_step=10, sequence_length=8))


def test_an_index_without_rows_is_refused(tmp_path):
    """Nothing was consumed."""
    (tmp_path / "document.idx").write_bytes(b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", 1, 8, 0, 0))
    (tmp_path / "document.bin").touch()
    with pytest.raises(InputError, match="an index without rows"):
        megatron.open(tmp_path)

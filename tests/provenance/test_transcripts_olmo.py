"""OLMo's order and token files, in the binary layout in which they are published."""

import hashlib

import numpy as np
import pytest

from provenance import artifacts, transcripts
from provenance.errors import InputError
from provenance.records import Tokenizer
from provenance.transcripts import importing, olmo

TOKENIZER = Tokenizer(name="somewhere", sha256="a" * 64)
STEPS = importing.Declared(tokenizer=TOKENIZER, position_unit="step")
LENGTH = 8
SIZES = (83, 40, 7, 200)
"""Tokens of each file: 10, 5, 0 and 25 rows, and some left over."""

ROWS = sum(size // LENGTH for size in SIZES)


def lay(folder, order, *, header=False, dtype="<u2"):
    """Write an order and four token files as bare arrays; gives the rows that they hold."""
    rng = np.random.default_rng(0)
    files = [rng.integers(0, 50_000, size=size).astype(dtype) for size in SIZES]
    for number, tokens in enumerate(files):
        (folder / f"part-{number}.npy").write_bytes(tokens.tobytes())
    order = np.asarray(order)
    if header:
        np.save(folder / "global_indices.npy", order)
    else:
        (folder / "global_indices.npy").write_bytes(order.astype("<u4").tobytes())
    whole = [tokens[: len(tokens) // LENGTH * LENGTH].reshape(-1, LENGTH) for tokens in files]
    return np.concatenate(whole)


def tokens_of(folder, **changes):
    """Open the token files."""
    paths = [folder / f"part-{number}.npy" for number in range(len(SIZES))]
    return olmo.open_tokens(paths, **{"length": LENGTH, **changes})


def imported(folder, **changes):
    """Import a run of four rows a step and read it back."""
    settings = {"tokens": tokens_of(folder), "declared": STEPS, "rows_per_step": 4, **changes}
    olmo.import_run(folder, out=folder / "out" / "run.parquet", **settings)
    return transcripts.read(folder / "out" / "run.parquet")


def expected(order, *, per):
    """Turn an order into the positions of each row."""
    found = {}
    for place, row in enumerate(order):
        found.setdefault(str(row), []).append(place // per)
    return found


def positions(found):
    """Give the positions of each id."""
    return {id_: where.tolist() for id_, where in zip(found.ids, found.positions, strict=True)}


@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("epochs", [1, 2])
@pytest.mark.parametrize("block", [7, 1 << 20])
def test_rows_come_in_with_every_position_and_their_own_tokens(tmp_path, monkeypatch, header, epochs, block):
    """Rows are counted through the files, rests of files belong to none, and a row consumed twice has two positions."""
    monkeypatch.setattr(olmo, "BLOCK", block)
    order = np.concatenate([np.random.default_rng(seed).permutation(ROWS) for seed in range(epochs)])
    rows = lay(tmp_path, order, header=header)
    found = imported(tmp_path)
    assert positions(found) == expected(order, per=4)
    assert all(rows[int(id_)].tolist() == list(ids) for id_, ids in zip(found.ids, found.tokens, strict=True))
    assert (found.run_length, found.position_unit) == (10 * epochs, "step")


def test_a_sample_has_all_positions_of_its_rows_and_no_others(tmp_path, monkeypatch):
    """Rows that were not taken share nothing with those that were, whatever hash they go through."""
    monkeypatch.setattr(olmo, "SIEVE", 4)
    order = np.concatenate([np.random.default_rng(seed).permutation(ROWS) for seed in range(3)])
    lay(tmp_path, order)
    found = imported(tmp_path, sample=importing.Sample(rows=9, seed=1), declared=importing.Declared())
    whole = expected(order, per=1)
    assert positions(found) == {id_: whole[id_] for id_ in found.ids}
    assert 5 <= len(found.ids) <= 9
    assert found.shuffle == {"kind": "claimed", "sample": {"rows": 9, "seed": 1}}


def test_only_rows_taken_are_read(tmp_path):
    """Tokens of other rows may be anything, even no longer there."""
    order = np.random.default_rng(0).permutation(ROWS)
    lay(tmp_path, order)
    read = []
    tokens = tokens_of(tmp_path)
    watched = type("Watched", (), {"ends": tokens.ends, "length": LENGTH})()
    watched.row = lambda row: read.append(row) or tokens.row(row)
    found = imported(tmp_path, tokens=watched, sample=importing.Sample(rows=6, seed=0))
    assert sorted(map(str, read)) == sorted(found.ids)
    assert len(read) == 6


def test_the_order_beyond_the_declared_run_was_never_consumed(tmp_path):
    """A run that stopped within its order has the rows before the stop, and a sample is drawn from those."""
    order = np.random.default_rng(0).permutation(ROWS)
    lay(tmp_path, order)
    stopped = importing.Declared(position_unit="step", run_length=3)
    found = imported(tmp_path, declared=stopped)
    assert positions(found) == expected(order[:12], per=4)
    assert set(imported(tmp_path, declared=stopped, sample=importing.Sample(rows=8, seed=0)).ids) < set(found.ids)


def test_a_recent_sample_is_made_by_places_in_the_order(tmp_path):
    """Half of the rows were consumed in the later half of the run, wherever they stand in the files."""
    order = np.random.default_rng(0).permutation(ROWS)
    lay(tmp_path, order)
    found = imported(tmp_path, declared=importing.Declared(), sample=importing.Sample(rows=8, seed=0, select="recent"))
    assert sum(where[0] >= ROWS // 2 for where in found.positions) == 4
    assert found.shuffle["sample"] == {"rows": 8, "seed": 0, "select": "recent"}


def test_the_order_is_named_by_its_digest(tmp_path):
    """It is read as a whole anyway."""
    lay(tmp_path, np.arange(ROWS))
    imported(tmp_path)
    header = artifacts.read_header(tmp_path / "out" / "run.parquet", transcripts.TRANSCRIPT)
    digest = hashlib.sha256((tmp_path / "global_indices.npy").read_bytes()).hexdigest()
    assert header.inputs == {"order": digest}


def test_wide_tokens_are_read_as_such(tmp_path):
    """Later runs have 32-bit tokens."""
    rows = lay(tmp_path, np.arange(ROWS), dtype="<u4")
    found = imported(tmp_path, tokens=tokens_of(tmp_path, dtype="uint32"))
    assert np.array_equal(np.array(found.tokens), rows)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (
            [3, 41, 2],
            r"global_indices\.npy: place 1 of the order is row 41; expected 0 to 39: the token files have 40 rows",
        ),
        ([2**32 - 1, 0], r"place 0 of the order is row 4294967295"),
        ([5], r"positions all equal"),
    ],
)
def test_an_order_that_does_not_fit_the_tokens_is_refused(tmp_path, order, message):
    """Files are missing or another length was meant: the rows would be other ones; nothing is written."""
    lay(tmp_path, order)
    with pytest.raises(InputError, match=message):
        imported(tmp_path, rows_per_step=1)
    assert not (tmp_path / "out" / "run.parquet").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("global_indices.npy", bytes(10), r"global_indices\.npy: cut short, or no array of uint32"),
        ("global_indices.npy", b"", r"global_indices\.npy: cut short"),
        ("global_indices.npy", b"\x93NUMPY\x01", r"global_indices\.npy: cut short"),
        ("part-2.npy", bytes(3), r"part-2\.npy: cut short, or no array of uint16"),
        ("part-1.npy", None, r"part-1\.npy: no such file"),
    ],
)
def test_damaged_files_are_one_line(tmp_path, name, content, message):
    """Which file, and what it is not."""
    lay(tmp_path, np.arange(ROWS))
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        imported(tmp_path)


def test_other_arrays_are_refused(tmp_path):
    """A table of numbers is no order, and no token files are no tokens."""
    lay(tmp_path, np.arange(ROWS))
    np.save(tmp_path / "global_indices.npy", np.zeros((4, 2)))
    with pytest.raises(InputError, match=r"an array of float64 \(4, 2\); expected one row of whole numbers"):
        imported(tmp_path)
    with pytest.raises(InputError, match=r"no token files; .*try --tokens"):
        olmo.open_tokens([], length=8)
    with pytest.raises(InputError, match="no file holds a row of 900 tokens"):
        tokens_of(tmp_path, length=900)

"""Marking pandas frames, one after another, as Spark hands them over."""

import functools
import pickle

import pandas as pd
import pytest

import watermark
from provenance.errors import InputError
from watermark import keys, ledger
from watermark.marking import Embedding

SENTENCES = (
    "She bought a large house beside the road.",
    "The whole committee usually began its work early.",
    "Rapid growth is rare, and the author needed sufficient time to verify each answer.",
)


@pytest.fixture
def mark(tmp_path):
    """Give a marker with a key of its own."""
    keys.keep(bytes(range(32)), tmp_path / "r.key")
    return watermark.marker(key=tmp_path / "r.key", release="r")


@pytest.fixture
def frame():
    """Give a frame with an index of its own and a column of another type."""
    texts = [f"{SENTENCES[row % 3]} Number {row}." for row in range(12)]
    rows = {"id": [f"d{row}" for row in range(12)], "text": texts, "year": range(2000, 2012)}
    return pd.DataFrame(rows, index=range(100, 112))


def test_frames_are_marked_as_documents_are(mark, frame, tmp_path):
    """Cut into whatever pieces, the texts are variant 0 of each document, and the ledger is that of one piece."""
    pieces = [frame[:5], frame[5:5], frame[5:]]
    whole = next(watermark.mark_frames([frame], marker=mark))
    found = pd.concat(watermark.mark_frames(iter(pieces), marker=mark))
    pd.testing.assert_frame_equal(found, whole)
    made = watermark.collect(found.to_dict("records"), marker=mark, out=tmp_path / "l.parquet")
    book = ledger.read(made.ledger)
    assert len(book.documents) == 12
    assert [document.variant(0) for document in book.documents] == found["text"].tolist()
    assert [document.text for document in book.documents] == frame["text"].tolist()


def test_all_else_stays(mark, frame):
    """Index, order and types of the other columns are the frame's own, and the frame itself is untouched."""
    before = frame.copy()
    found = next(watermark.mark_frames([frame], marker=mark))
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(found[["id", "year"]], frame[["id", "year"]])
    assert list(found.columns) == ["id", "text", "year", mark.column]
    assert found["text"].dtype == frame["text"].dtype
    assert found["text"].tolist() != frame["text"].tolist()


@pytest.mark.parametrize("dtype", [object, "string[pyarrow]", "category"])
def test_texts_may_be_of_any_type_of_text(mark, frame, dtype):
    """Objects, Arrow strings and categories hold the same marked texts."""
    found = next(watermark.mark_frames([frame.astype({"text": dtype})], marker=mark))
    expected = next(watermark.mark_frames([frame], marker=mark))
    assert found["text"].tolist() == expected["text"].tolist()


def test_it_is_a_function_from_iterator_to_iterator(mark, frame):
    """As Spark wants it: pickled without the key, called with an iterator, read one frame at a time."""
    sent = pickle.dumps(functools.partial(watermark.mark_frames, marker=mark))
    assert mark.secret().secret not in sent
    given = []

    def frames():
        for start in (0, 6):
            given.append(start)
            yield frame[start : start + 6]

    stream = pickle.loads(sent)(frames())  # noqa: S301 (our own bytes)
    first = next(stream)
    assert given == [0]
    pd.testing.assert_frame_equal(first, next(watermark.mark_frames([frame[:6]], marker=mark)))
    assert len(list(stream)) == 1


def test_a_missing_column_is_told(mark, frame):
    """By its name, with those that there are."""
    with pytest.raises(InputError, match="no field 'text'; expected one of id, body, year"):
        next(watermark.mark_frames([frame.rename(columns={"text": "body"})], marker=mark))


def test_a_recipients_copy_has_deals_of_its_own(mark, frame, tmp_path):
    """The same key marks for one recipient by another deal, and the ledger names him."""
    how = Embedding(recipient="acme")
    theirs = watermark.marker(key=tmp_path / "r.key", release="r", embedding=how)
    found, ours = (next(watermark.mark_frames([frame], marker=one)) for one in (theirs, mark))
    made = watermark.collect(found.to_dict("records"), marker=theirs, out=tmp_path / "l.parquet")
    assert found["text"].tolist() != ours["text"].tolist()
    assert ledger.read(made.ledger).recipient == "acme"

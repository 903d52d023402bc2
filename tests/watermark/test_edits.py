"""Documents that were edited after they were marked are found by what stands in the release."""

import json

import pytest

from provenance.errors import MismatchError
from watermark import edits


def _publish(folder, texts):
    folder.mkdir()
    rows = [{"id": f"x{row}", "text": text} for row, text in enumerate(texts)]
    (folder / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_edited_missing_and_moved_documents(deal_copy, tmp_path):
    """An edited and a missing document are named; another order, other ids and added documents are no edits."""
    book = deal_copy("ours")
    texts = [document.variant(0) for document in book.documents]
    assert edits.find(book, _publish(tmp_path / "same", [*texts[::-1], "An addition."])) == frozenset()
    edited = [texts[0], texts[1] + " Postscript.", *texts[3:]]
    assert edits.find(book, _publish(tmp_path / "edited", edited)) == {("r", "d1"), ("r", "d2")}


def test_another_corpus_is_refused(deal_copy, tmp_path):
    """A folder that holds none of the documents is the wrong one."""
    with pytest.raises(MismatchError, match="holds no document as"):
        edits.find(deal_copy("ours"), _publish(tmp_path / "other", ["Something else."]))

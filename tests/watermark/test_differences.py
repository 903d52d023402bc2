"""Documents that are not what the ledger renders."""

import json

import pytest

from provenance import corpora
from watermark import differences, embedding, ledger
from watermark.keys import Key

KEY = Key(secret=bytes(range(32)), id="test")
TEXTS = [
    "She bought a large house.",
    "Hm.",
    "He usually finished quickly.",
    "They began early.",
    "A small boat needed help.",
]


@pytest.fixture(params=["ids", "digests"])
def made(request, tmp_path):
    """Mark five documents, one without a site; gives the release's lines and a function that compares others."""
    rows = [
        {"id": f"d{row}", "text": text} if request.param == "ids" else {"text": text} for row, text in enumerate(TEXTS)
    ]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = embedding.release(tmp_path / "c.jsonl", key=KEY, out=tmp_path / "m")
    book = ledger.read(done.ledger)
    place = done.folder / "c.jsonl"

    def find(lines):
        place.write_text("".join(lines))
        found = differences.find(corpora.open(done.folder), book)
        rows = {marked.id: marked.row for marked in book.documents}
        return found.documents, [(rows[one.document], one.kind, one.place) for one in found.differences]

    return place.read_text().splitlines(keepends=True), find, place


def test_an_untouched_release_has_none(made):
    """Every marked document is met, and all documents are counted."""
    lines, find, _ = made
    assert find(lines) == (5, [])


def test_an_edited_document_is_named_by_its_place(made):
    """The line and the document are named; those around it are met."""
    lines, find, place = made
    assert find([*lines[:2], lines[2].replace("He", "Ha"), *lines[3:]]) == (5, [(2, "edited", f"{place}:3")])


def test_a_document_that_was_taken_out_is_the_only_one_missing(made):
    """What follows a gap, or what was put in, is met where it now stands."""
    lines, find, place = made
    assert find([*lines[:3], *lines[4:]]) == (4, [(3, "missing", str(place.parent))])
    more = '{"id": "new", "text": "Quite another text."}\n'
    assert find([more, *lines]) == (6, [])
    assert find([*lines[1:], lines[0]]) == (5, [])


def test_an_unmarked_document_is_not_the_ledgers_to_judge(made):
    """A document without a site stands in no ledger; its file's digest is what tells."""
    lines, find, _ = made
    assert find([lines[0], lines[1].replace("Hm", "Oh"), *lines[2:]]) == (5, [])


def test_a_copy_does_not_stand_in_for_another(made):
    """One document's text in another's place leaves that other one unmet."""
    lines, find, place = made
    copied = json.dumps({**json.loads(lines[3]), "text": json.loads(lines[2])["text"]}) + "\n"
    assert find([*lines[:3], copied, *lines[4:]]) == (5, [(3, "edited", f"{place}:4")])


def test_like_texts_are_told_apart(tmp_path):
    """Two documents of one text are two in the ledger: both are met, and one of them may go missing."""
    (tmp_path / "c.jsonl").write_text((json.dumps({"text": TEXTS[0]}) + "\n") * 2)
    done = embedding.release(tmp_path / "c.jsonl", key=KEY, out=tmp_path / "m")
    book, corpus = ledger.read(done.ledger), corpora.open(done.folder)
    assert differences.find(corpus, book).differences == ()
    path = done.folder / "c.jsonl"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert [one.kind for one in differences.find(corpus, book).differences] == ["missing"]

"""From a release back to its corpus."""

import json
import shutil

import pytest

from provenance import corpora
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.records import Document
from watermark import embedding, ledger, marking, restoring
from watermark.keys import Key

KEY = Key(secret=bytes(range(32)), id="test")
TEXTS = {
    "a": "She bought a large house, and usually began early.",
    "b": "Hm.",
    "c": "He finished quickly. The whole story was difficult to understand.",
}


def lines(rows):
    """Spell rows out as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def release(folder, rows, *, key=KEY, name="m", **fields):
    """Mark rows."""
    (folder / "c.jsonl").write_text(lines(rows))
    return embedding.release(corpora.open(folder / "c.jsonl", **fields), key=key, out=folder / name)


def undo(made, out, **changed):
    """Undo a release."""
    return restoring.undo(made.folder, **{"ledger_path": made.ledger, "out": out, **changed})


@pytest.fixture
def made(tmp_path):
    """Release three documents, the second of which has no site."""
    return release(tmp_path, [{"id": name, "text": text} for name, text in TEXTS.items()])


def names(folder):
    """List what stands in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir())


def edit(made, change):
    """Change the lines of a release."""
    path = made.folder / "c.jsonl"
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda old: [old[0], old[1], old[2].replace("He", "She")], "'c'"),
        (lambda old: [old[0].replace("She", "He"), *old[1:]], "'a'"),
        (lambda old: old[:2], "'c'"),
        (lambda old: [old[2], old[1], old[0]], "'a'"),
        (lambda old: old[1:], "'a'"),
    ],
)
def test_an_edited_release_names_the_document(made, tmp_path, change, named):
    """A document changed, moved or taken away since is named, and nothing is left behind."""
    edit(made, change)
    before = names(tmp_path)
    with pytest.raises(MismatchError, match=f"document {named} is missing from the release or was edited"):
        undo(made, tmp_path / "deep" / "back")
    assert names(tmp_path) == before


def test_an_edit_between_the_marks_is_seen_in_the_digest(made, tmp_path):
    """A document without marks is in no ledger; that it was changed shows in the corpus's digest."""
    edit(made, lambda old: [old[0], old[1].replace("Hm", "Oh"), old[2]])
    restored = undo(made, tmp_path / "back")
    assert restored.documents == 2
    assert not restored.identical


def test_like_texts_without_ids_are_told_apart(tmp_path):
    """Where the published text of one document is an unmarked text before it, each is given back as it was."""
    text = "This is an important component."
    document = Document(id=corpora.text_id(text), text=text)
    candidates = (Key(secret=number.to_bytes(32, "big"), id=str(number)) for number in range(99))
    how = marking.Embedding(release="c.jsonl")
    twins = ((key, marking.mark(document, key=key, embedding=how).variant(0)) for key in candidates)
    key, twin = next((key, twin) for key, twin in twins if twin != text)
    unmarked = "".join(f"\\u{ord(letter):04x}" for letter in twin)
    (tmp_path / "c.jsonl").write_text(f'{{"text": "{unmarked}"}}\n{{"text": "{text}"}}\n')
    made = embedding.release(tmp_path / "c.jsonl", key=key, out=tmp_path / "m")
    assert made.counts.marked == 1
    undo(made, tmp_path / "back")
    assert (tmp_path / "back" / "c.jsonl").read_bytes() == (tmp_path / "c.jsonl").read_bytes()


def test_fields_are_those_that_were_marked(tmp_path):
    """Text and id fields are taken from the ledger, even where ``id`` repeats."""
    rows = [{"id": 1, "uid": name, "body": text} for name, text in TEXTS.items()]
    made = release(tmp_path, rows, text_field="body", id_field="uid")
    assert [document.id for document in ledger.read(made.ledger).documents] == ["a", "c"]
    assert undo(made, tmp_path / "back").identical


def test_an_existing_folder_is_refused(made, tmp_path):
    """Nothing is ever restored over something."""
    (tmp_path / "back").mkdir()
    with pytest.raises(InputError, match="back: exists; expected a new folder"):
        undo(made, tmp_path / "back")
    assert names(tmp_path / "back") == []


def test_an_interrupt_leaves_nothing(made, tmp_path):
    """Ctrl-C half way: no folder, empty or hidden."""

    def interrupt(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    before = names(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        undo(made, tmp_path / "x" / "back", progress=interrupt)
    assert names(tmp_path) == before


def test_the_ledger_of_another_release_is_refused(made, tmp_path):
    """The first document that it renders otherwise is named."""
    other = release(tmp_path, [{"id": name, "text": text + " Rapidly."} for name, text in TEXTS.items()], name="n")
    with pytest.raises(MismatchError, match="document 'a' is missing"):
        undo(made, tmp_path / "back", ledger_path=other.ledger)


def test_a_cut_ledger_is_refused(made, tmp_path):
    """A Parquet file that ends too early is said to be one, and nothing is left behind."""
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(made.ledger.read_bytes()[:-20])
    with pytest.raises(ArtifactError, match=r"cut\.parquet: not a whole Parquet file"):
        undo(made, tmp_path / "back", ledger_path=cut)
    assert not (tmp_path / "back").exists()


def test_the_folder_around_the_release_is_not_taken_for_it(made, tmp_path):
    """Whoever names DIR for DIR/release is told so."""
    with pytest.raises(InputError, match=f"holds release, ledger and certificate; try {made.folder}"):
        restoring.undo(made.folder.parent, ledger_path=made.ledger, out=tmp_path / "back")


def test_a_release_may_move(made, tmp_path):
    """Where release and ledger lie does not matter."""
    shutil.move(made.folder, tmp_path / "elsewhere")
    assert restoring.undo(tmp_path / "elsewhere", ledger_path=made.ledger, out=tmp_path / "back").identical


def test_documents_are_looked_for_by_row_not_by_id(tmp_path):
    """Thirty like documents without ids come back in their order."""
    made = release(tmp_path, [{"text": TEXTS["a"]}] * 30)
    assert len({document.chosen for document in ledger.read(made.ledger).documents}) > 1
    assert undo(made, tmp_path / "back").identical

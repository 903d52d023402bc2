"""A second release of a corpus that has grown: what has not changed keeps its marks."""

import json

import pytest

from provenance import corpora
from provenance.errors import InputError, MismatchError
from watermark import dealing, embedding, ledger, restoring
from watermark.keys import Key
from watermark.marking import Embedding
from watermark.rules import SiteRules

KEY = Key(secret=bytes(range(32)), id="test")
TEXTS = {
    "a": "The whole committee usually began early. A large house stood there; nobody had purchased it.",
    "b": "The large house was finished quickly, and the committee was large.",
    "c": "The physician finished an additional story.",
}


def release(folder, name, texts, *, key=KEY, **how):
    """Mark texts, under the name that the first release had."""
    place = folder / f"{name}-in" / "c.jsonl"
    place.parent.mkdir()
    place.write_text("".join(json.dumps({"id": id_, "text": text}) + "\n" for id_, text in texts.items()))
    return embedding.release(place, key=key, out=folder / name, embedding=Embedding(**how))


@pytest.fixture
def first(tmp_path):
    """Make the first release."""
    return release(tmp_path, "first", TEXTS)


def documents(made):
    """Give the marked documents by id, without their places in the corpus."""
    return {one.id: (one.text, one.sites, one.chosen) for one in ledger.read(made.ledger).documents}


def test_unchanged_documents_keep_sites_and_deals(first, tmp_path):
    """Though rules have changed since, and they stand elsewhere; changed and new documents get marks of their own."""
    texts = {"new": TEXTS["a"], "c": TEXTS["c"], "b": TEXTS["b"].replace("quickly", "rapidly"), "a": TEXTS["a"]}
    rules = SiteRules(per_sentence=1)
    second = release(tmp_path, "second", texts, previous=first.ledger, rules=rules)
    before, now = documents(first), documents(second)
    assert now["a"] == before["a"]
    assert now["c"] == before["c"]
    assert now["b"][1] != before["b"][1]
    assert len(now["new"][1]) <= 2 < len(before["a"][1])
    assert (second.counts.kept, second.counts.documents) == (2, 4)
    book = ledger.read(second.ledger)
    dealing.check_deals(book, KEY)
    assert restoring.undo(second.folder, ledger_path=second.ledger, out=tmp_path / "back").identical


def test_the_name_is_the_previous_releases(first, tmp_path):
    """A file may be called otherwise: the deals hang on the name that the first release had."""
    second = release(tmp_path, "second", TEXTS, previous=first.ledger)
    assert ledger.read(second.ledger).release == ledger.read(first.ledger).release == "c.jsonl"
    assert documents(second) == documents(first)


def test_a_document_that_opts_out_now_keeps_nothing(first, tmp_path):
    """Its marks of before are not put back against the wish."""
    place = tmp_path / "c.jsonl"
    rows = [{"id": id_, "text": text, "private": id_ == "a"} for id_, text in TEXTS.items()]
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    corpus = corpora.open(place, opt_out_field="private")
    made = embedding.release(corpus, key=KEY, out=tmp_path / "m", embedding=Embedding(previous=first.ledger))
    assert set(documents(made)) == {"b", "c"}
    assert (made.counts.kept, made.counts.opted_out) == (2, 1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"key": Key(secret=bytes(32), id="other")}, "key_id"),
        ({"alternates": 2}, "alternates"),
        ({"recipient": "acme"}, "key_id|recipient"),
        ({"release": "other"}, "release"),
    ],
)
def test_deals_of_another_kind_are_refused(first, tmp_path, change, named):
    """Key, recipient, name and number of variants decide the deals: none may change, and nothing is left behind."""
    with pytest.raises(MismatchError, match=rf"ledger\.parquet: the previous release has ({named}) "):
        release(tmp_path, "second", TEXTS, previous=first.ledger, **change)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "first-in", "second-in"]


def test_what_is_no_ledger_is_refused(tmp_path):
    """A previous ledger that is missing is one line; the published strategy, which deals nothing, takes none."""
    with pytest.raises(InputError, match=r"none\.parquet: no such file"):
        release(tmp_path, "m", TEXTS, previous=tmp_path / "none.parquet")
    with pytest.raises(InputError, match="--previous with strategy 'leximark'; expected strategy 'keyed'"):
        Embedding(strategy="leximark", previous=tmp_path / "none.parquet")

"""Which word gives way to which: learned from one corpus, used for another."""

import json

import pytest

from provenance.errors import InputError, MismatchError
from watermark import embedding, ledger, mappings
from watermark.keys import Key
from watermark.marking import Embedding

KEY = Key(secret=bytes(range(32)), id="test")
MEMBERS = (
    "The whole committee usually began early. A large house stood there; nobody had purchased it.",
    "The large house was finished quickly, and the committee was large.",
)
HELD_OUT = (
    "The committee began quickly, because a large and important ship was there.",
    "The physician finished an additional story.",
)


def release(folder, name, texts, **how):
    """Mark texts by the published strategy; gives the ledger."""
    (folder / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    how = Embedding(strategy="leximark", **how)
    return ledger.read(embedding.release(folder / f"{name}.jsonl", key=None, out=folder / name, embedding=how).ledger)


def replaced(book):
    """Give every (word, wording) of a release, in small letters."""
    return {
        (site.options[0].casefold(), site.options[choice].casefold())
        for document in book.documents
        for site, (choice,) in zip(document.sites, document.chosen, strict=True)
    }


@pytest.fixture
def members(tmp_path):
    """Mark the members."""
    return release(tmp_path, "members", MEMBERS)


def test_held_out_text_is_marked_alike(members, tmp_path):
    """With a mapping a word is replaced as it was among the members, and a word that they lack stays."""
    held_out = release(tmp_path, "held-out", HELD_OUT, mapping=members.path)
    assert ("large", dict(replaced(members))["large"]) in replaced(held_out)
    assert replaced(held_out) < replaced(members)
    assert replaced(release(tmp_path, "alone", HELD_OUT)) - replaced(members)
    mappings.check_same([members, held_out])


def test_different_mappings_are_refused(members, tmp_path):
    """Whoever compares two releases of different mappings would compare the mappings."""
    alone = release(tmp_path, "alone", HELD_OUT)
    with pytest.raises(MismatchError, match=r"different mappings; expected one mapping .*; try .*--mapping \S*members"):
        mappings.check_same([members, alone])
    mappings.check_same([members, members])


def test_a_word_has_one_wording_in_the_whole_corpus(members):
    """No word gives way to two."""
    assert len(dict(replaced(members))) == len(replaced(members)) > 5


def test_a_mapping_comes_from_the_published_strategy_only(members, tmp_path):
    """A keyed ledger has none, and a keyed release takes none."""
    keyed = embedding.release(tmp_path / "members.jsonl", key=KEY, out=tmp_path / "keyed")
    with pytest.raises(MismatchError, match="has no mapping; expected a ledger of strategy 'leximark'"):
        mappings.read(keyed.ledger)
    with pytest.raises(InputError, match="--mapping with strategy 'keyed'; expected strategy 'leximark'"):
        Embedding(mapping=members.path)
    with pytest.raises(MismatchError, match="has no mapping"):
        release(tmp_path, "wrong", HELD_OUT, mapping=keyed.ledger)
    assert not (tmp_path / "wrong").exists()

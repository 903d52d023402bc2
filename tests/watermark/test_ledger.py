"""What re-renders every variant."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import artifacts, storage
from provenance.errors import ArtifactError, InputError, MismatchError
from watermark import dealing, keys, ledger, variants
from watermark.keys import Key
from watermark.ledger import LEDGER, Marked
from watermark.sites import Site

KEY = Key(secret=bytes(range(32)), id="test")
OWN = keys.subkey(KEY, "own")
TEXT = "A big dog ran fast."
SITES = (
    Site(start=2, end=5, word="big", options=("big", "large")),
    Site(start=14, end=18, word="fast", options=("fast", "quickly", "rapidly")),
)


def marked(name="d", *, text=TEXT, key=OWN, size=5, row=0):
    """Mark one document with the sites above."""
    chosen = tuple(variants.deal(key, site, release="r", document=name, variants=size) for site in SITES)
    return Marked(id=name, text=text, sites=SITES, chosen=chosen, row=row)


def write(path, documents, *, rows=None, **settings):
    """Write a ledger, of documents or of rows that were tampered with."""
    header = artifacts.Header(
        settings={"release": "r", "key_id": OWN.id, "recipient": None, "alternates": 4, "strategy": "keyed", **settings}
    )
    rows = [ledger.to_row(document, recipient=None) for document in documents] if rows is None else rows
    artifacts.write(path, rows, kind=LEDGER, header=header)
    return path


def tampered(change):
    """Give a row with one thing changed by `change`."""
    row = ledger.to_row(marked(), recipient=None)
    row["sites"] = [dict(site) for site in row["sites"]]
    change(row)
    return row


@given(st.text(min_size=1), st.text(min_size=1), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_any_document_survives_its_row(before, word, others):
    """Reading what was laid out gives the same document, whatever its characters."""
    site = Site(start=len(before), end=len(before) + len(word), word=word.casefold(), options=(word, *others))
    document = Marked(id="ä", text=before + word, sites=(site,), chosen=((0, len(others)),), row=7)
    assert ledger.from_row(ledger.to_row(document, recipient="x"), path="p") == document


def test_a_ledger_survives_the_disk(tmp_path):
    """Documents, release, key and recipient come back, at once or one by one."""
    documents = (marked("a"), marked("b", row=3))
    book = ledger.read(write(tmp_path / "l.parquet", documents, recipient="acme"))
    assert book.documents == documents == tuple(ledger.stream(tmp_path / "l.parquet"))
    assert (book.release, book.key_id, book.recipient) == ("r", OWN.id, "acme")
    assert book.sha256 == storage.digest(tmp_path / "l.parquet")


def test_records_do_not_say_which_variant_was_published(tmp_path):
    """Every variant of every document goes to the suspect in the same form, rendered as the ledger renders it."""
    book = ledger.read(write(tmp_path / "l.parquet", [marked("a"), marked("b")]))
    records = list(ledger.records(book))
    assert [(record.id, record.variant) for record in records] == [(name, index) for name in "ab" for index in range(5)]
    assert {record.set for record in records} == {"r"}
    assert records[0].text == marked("a").variant(0)
    assert {record.text.split()[1] for record in records} == {"big", "large"}


def spoil(name, value):
    """Change a field of the row."""
    return lambda row: row.update({name: value})


def spoil_site(name, value):
    """Change a field of the first site."""
    return lambda row: row["sites"][0].update({name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (spoil("text", TEXT + " "), "text of document 'd' does not match its digest"),
        (spoil("text", None), "text of document 'd' does not match its digest"),
        (spoil("sites", []), "its sites are not those of its text"),
        (spoil_site("start", 1), "its sites are not those of its text"),
        (spoil_site("start", -17), "its sites are not those of its text"),
        (spoil_site("end", 15), "its sites are not those of its text"),
        (spoil_site("options", ["small", "large"]), "its sites are not those of its text"),
        (spoil_site("options", []), "its sites are not those of its text"),
        (lambda row: row["sites"].reverse(), "its sites are not those of its text"),
        (spoil_site("chosen", [0, 1, 2, 0, 1]), "a choice at 'big' names no option"),
        (spoil_site("chosen", [0, 1, -1, 0, 1]), "a choice at 'big' names no option"),
        (spoil_site("chosen", [0, 1, 0, 1]), "sites have different numbers of variants"),
        (lambda row: [site.update(chosen=[]) for site in row["sites"]], "sites have different numbers of variants"),
        (lambda row: [site.update(chosen=[0, 1]) for site in row["sites"]], "'d' has 2 variants; expected 5"),
    ],
)
def test_a_damaged_document_is_refused_by_name(tmp_path, change, message):
    """Altered text, sites or choices that cannot be are one line that names file and document."""
    path = write(tmp_path / "l.parquet", [], rows=[tampered(change)])
    with pytest.raises(ArtifactError) as caught:
        ledger.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_a_document_stands_once(tmp_path):
    """A document that stands twice would count twice: refused."""
    with pytest.raises(ArtifactError, match="document 'd' stands twice"):
        ledger.read(write(tmp_path / "l.parquet", [marked(), marked()]))


def test_the_right_key_deals_the_same(tmp_path):
    """What was dealt is dealt again, for the owner and for a recipient."""
    dealing.check_deals(ledger.read(write(tmp_path / "own.parquet", [marked()])), OWN)
    acme = dealing.dealing_key(OWN, "acme")
    assert acme.id != OWN.id
    path = write(tmp_path / "acme.parquet", [marked(key=acme)], key_id=acme.id, recipient="acme")
    dealing.check_deals(ledger.read(path), OWN)
    with pytest.raises(MismatchError, match="dealt by key"):
        dealing.check_deals(ledger.read(path), acme)


def test_one_altered_choice_is_found(tmp_path):
    """A choice that exists but was not dealt is an error that names document and word."""
    found = list(marked().chosen[0])
    change = spoil_site("chosen", [1 - found[0], *found[1:]])
    book = ledger.read(write(tmp_path / "l.parquet", [], rows=[tampered(change)]))
    with pytest.raises(MismatchError, match=r"document 'd', word 'big' at 2: .*; expected a ledger that nobody"):
        dealing.check_deals(book, OWN)


@pytest.mark.parametrize("name", ["release", "id"])
def test_a_renamed_release_or_document_is_found(tmp_path, name):
    """Names are part of the deal: another one would be another draw."""
    documents = [replace(marked(f"{row}"), id=f"{row}{'x' if name == 'id' else ''}") for row in range(9)]
    book = ledger.read(write(tmp_path / "l.parquet", documents, release="s" if name == "release" else "r"))
    with pytest.raises(MismatchError, match="not what the key deals"):
        dealing.check_deals(book, OWN)


def test_another_key_is_told_apart_before_anything_is_compared(tmp_path):
    """Both keys are named by their public ids."""
    book = ledger.read(write(tmp_path / "l.parquet", [marked()]))
    with pytest.raises(
        MismatchError, match=f"dealt by key {OWN.id}; expected a ledger of key {keys.subkey(KEY, 'x').id}"
    ):
        dealing.check_deals(book, keys.subkey(KEY, "x"))


def test_without_a_key_or_a_site_nothing_is_exact(tmp_path):
    """A ledger dealt without a key, and one without documents, are refused for an exact audit."""
    book = ledger.read(write(tmp_path / "l.parquet", [marked()], key_id=None, strategy="leximark"))
    with pytest.raises(InputError, match="'leximark' deals without a key and has no exact null"):
        dealing.check_exact(book)
    with pytest.raises(InputError, match="dealt without a key; try leaving out --key"):
        dealing.check_deals(book, OWN)
    with pytest.raises(InputError, match="no document of this ledger has a site"):
        dealing.check_exact(ledger.read(write(tmp_path / "empty.parquet", [])))


def test_one_release_counts_once(tmp_path):
    """The same ledger twice would count a document twice: refused. Recipients' copies of one release are not one."""
    one, other = (ledger.read(write(tmp_path / name, [marked()])) for name in ("a.parquet", "b.parquet"))
    with pytest.raises(MismatchError, match=r"a\.parquet and .*b\.parquet are both of release 'r'"):
        ledger.check_distinct([one, other])
    ledger.check_distinct([one, replace(other, release="s")])
    ledger.check_distinct([one, replace(other, recipient="acme")])

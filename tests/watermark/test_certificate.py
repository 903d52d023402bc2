"""What may be published about a release."""

import json

import pytest

from provenance import storage
from provenance.records import Document
from watermark import certificate, embedding, keys
from watermark.fidelity import figures
from watermark.fidelity.tally import Tally
from watermark.keys import Key
from watermark.ledger import Marked
from watermark.sites import Site

KEY = Key(secret=bytes(range(32)), id="test")
TEXTS = {"a": "She bought a large house. They began early.", "b": "Hm.", "c": "He usually finished quickly."}


@pytest.fixture
def made(tmp_path):
    """Release three documents, one of which has no site."""
    lines = [json.dumps({"id": name, "text": text}) + "\n" for name, text in TEXTS.items()]
    (tmp_path / "c.jsonl").write_text("".join(lines))
    return embedding.release(tmp_path / "c.jsonl", key=KEY, out=tmp_path / "m")


def test_it_counts_what_was_done(made):
    """Documents, words, sites and edits are those of release and ledger."""
    found = storage.read_json(made.certificate, schema=certificate.SCHEMA)
    lines = map(json.loads, (made.folder / "c.jsonl").read_text().splitlines())
    changed = sum(
        one != other
        for line in lines
        for one, other in zip(line["text"].split(), TEXTS[line["id"]].split(), strict=True)
    )
    assert found["counts"] | {"sites": 0} == {
        "documents": 3,
        "marked": 2,
        "words": 13,
        "sites": 0,
        "edits": changed,
        "opted_out": 0,
        "foreign": 0,
        "kept": 0,
    }
    assert found["fidelity"]["edits_per_100_words"] == round(100 * changed / 13, 4)


def test_it_names_the_digest_of_every_released_file(made):
    """Anyone can check the files against it."""
    found = json.loads(made.certificate.read_text())
    assert found["release_sha256"] == {"c.jsonl": storage.digest(made.folder / "c.jsonl")}


def test_it_commits_to_the_ledger_for_the_owner_only(made):
    """With the key the commitment is recomputed from the ledger; the ledger's own digest does not stand there."""
    found, digest = json.loads(made.certificate.read_text()), storage.digest(made.ledger)
    assert found["ledger_commitment"] == keys.keyed_digest(KEY, digest.encode(), purpose="ledger")
    assert digest not in made.certificate.read_text()


def test_it_tells_nothing_of_key_or_text(made):
    """Neither the secret nor a word of the corpus stands in it."""
    text = made.certificate.read_text()
    assert KEY.secret.hex() not in text
    assert not any(word in text for word in ("large", "purchased", "usually"))


def test_an_empty_tally_divides_by_nothing(tmp_path):
    """No documents, no words: what fidelity says of them is written as it is, and is no error."""
    (tmp_path / "ledger.parquet").write_bytes(b"")
    counts = certificate.Tally().counts()
    measured = figures.measure(Tally(), counts=counts, changed=0, drawn=(), encoder=None).to_json()
    certificate.write(tmp_path / "c.json", folder=tmp_path, settings={}, counts=counts, fidelity=measured, key=None)
    found = json.loads((tmp_path / "c.json").read_text())
    assert found["fidelity"] == measured
    assert found["fidelity"]["edits_per_100_words"] == {"not_measured": "there are no words"}
    assert found["ledger_commitment"] is None


def test_an_edit_is_a_site_whose_published_wording_is_new():
    """A site that kept its wording counts as a site only."""
    sites = tuple(Site(start=at, end=at + 1, word="a", options=("a", "b")) for at in (0, 2))
    tally = certificate.Tally()
    tally.add(Document(id="d", text="a a"), Marked(id="d", text="a a", sites=sites, chosen=((0, 1), (1, 0))))
    assert (tally.counts().sites, tally.counts().edits, tally.counts().words) == (2, 1, 2)

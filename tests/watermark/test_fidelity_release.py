"""What a release says of its fidelity: in public by the certificate, in secret by the page."""

import json
import re
import stat
import tracemalloc
from dataclasses import replace

import pytest

from provenance import artifacts
from watermark import embedding, fidelity, ledger, parts, verification
from watermark.keys import Key
from watermark.marking import Embedding
from watermark.rules import SiteRules

KEY = Key(secret=bytes(range(32)), id="test")
STORY = (
    "The whole committee usually began its work early in {n}. They required additional help, and finished quickly. "
    "A large house stood beside the road; nobody had purchased it. She frequently told the story of number {n}."
)


def lay(path, texts):
    """Write JSON lines."""
    path.write_text("".join(json.dumps({"id": f"d{row}", "text": text}) + "\n" for row, text in enumerate(texts)))
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Thirty documents with many sites."""
    return lay(tmp_path_factory.mktemp("in") / "c.jsonl", [STORY.format(n=number) for number in range(30)])


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory):
    """Release them once."""
    return embedding.release(corpus, key=KEY, out=tmp_path_factory.mktemp("out") / "m")


def certified(made):
    """Read the certificate's part, refusing what is no strict JSON."""

    def refuse(name):
        raise AssertionError(name)

    return json.loads(made.certificate.read_text(), parse_constant=refuse)["fidelity"]


def test_the_certificate_holds_the_figures(made):
    """Rates are those of the counts, means have intervals and counts, and the words are those often changed."""
    found = certified(made)
    assert found["edits_per_100_words"] == round(100 * made.counts.edits / made.counts.words, 4)
    assert found["sites_per_document"] == round(made.counts.sites / 30, 4)
    assert found["acceptability"]["n"] == made.counts.edits == sum(found["acceptability"]["histogram"])
    assert found["meteor"]["low"] < found["meteor"]["value"] < found["meteor"]["high"] <= 1
    assert found["meteor"]["n"] == found["sentences_sampled"] == found["sentences_changed"]
    assert found["similarity"] == {"not_measured": "no sentence encoder was used"}
    assert len(found["words_most_changed"]) > 3
    assert found == made.fidelity.to_json()


def test_the_certificate_does_not_tell_where_marks_are(made):
    """No sentence, no document's name and no wording that took a word's place stands in it."""
    text, named = made.certificate.read_text(), {one["word"] for one in certified(made)["words_most_changed"]}
    book = ledger.read(made.ledger)
    published = {
        site.options[choices[0]].casefold()
        for document in book.documents
        for site, choices in zip(document.sites, document.chosen, strict=True)
        if choices[0]
    }
    assert published - named
    assert not [word for word in published - named if re.search(rf"\b{re.escape(word)}\b", text)]
    assert "number" not in text.split('"fidelity"')[1]
    assert not [document.id for document in book.documents if f'"{document.id}"' in text]


def test_the_page_is_for_its_owner_alone(made):
    """Nobody else can read the file; every change of its samples is one of the ledger's."""
    assert stat.S_IMODE(made.page.stat().st_mode) == 0o600
    html = made.page.read_text(encoding="utf-8")
    assert html.count('<mark class="before">') == html.count('<mark class="after">') >= 30
    assert "Keep this page secret." in html


def test_processes_and_interrupts_leave_the_same_page(corpus, made, tmp_path, monkeypatch):
    """Two processes, or a run that was interrupted and resumed, write page and certificate of one, to the byte."""
    monkeypatch.setattr(parts, "MOST_DOCUMENTS", 10)
    embedding.release(corpus, key=KEY, out=tmp_path / "two", workers=2)

    def interrupt(done, _total):
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedding.release(corpus, key=KEY, out=tmp_path / "resumed", progress=interrupt)
    embedding.release(corpus, key=KEY, out=tmp_path / "resumed", resume=True)
    for name in ("two", "resumed"):
        for file in (made.page, made.certificate):
            assert (tmp_path / name / file.name).read_bytes() == file.read_bytes()


def test_the_page_shows_the_same_sentences_in_any_order(corpus, made, tmp_path):
    """A corpus whose documents stand in another order gets the same figures."""
    lines = corpus.read_text().splitlines(keepends=True)
    (tmp_path / "c.jsonl").write_text("".join(lines[::-1]))
    other = embedding.release(tmp_path / "c.jsonl", key=KEY, out=tmp_path / "m")
    assert certified(other) == certified(made)
    assert other.page.read_bytes() == made.page.read_bytes()


def test_a_published_method_judges_nothing(corpus, tmp_path):
    """A release of strategy leximark with plain synonyms has no acceptability, and says why."""
    how = Embedding(strategy="leximark", rules=SiteRules(synonyms="wordnet"))
    found = certified(embedding.release(corpus, key=None, out=tmp_path / "m", embedding=how))
    reason = {"not_measured": "who chose the wordings gives no probability that readers accept them"}
    assert found["acceptability"] == found["objections_per_1000_words"] == reason
    assert 0 < found["meteor"]["value"] < 1


@pytest.mark.parametrize("texts", [[""], ["x y z"]])
def test_a_corpus_without_sites_says_so(tmp_path, texts):
    """No word or no site: figures say that there is nothing, and the page is there all the same."""
    made = embedding.release(lay(tmp_path / "c.jsonl", texts), key=KEY, out=tmp_path / "m")
    found = certified(made)
    assert found["acceptability"] == {"not_measured": "nothing was changed"}
    assert found["meteor"] == {"not_measured": "no sentence was changed"}
    assert found["sites_left_share"] == {"not_measured": "there are no sites"}
    assert "Nothing was changed" in made.page.read_text(encoding="utf-8")


def test_a_release_verifies_with_the_page_and_without(corpus, tmp_path):
    """The page is no part of what is verified; a release of before pages were made still holds, and may be replaced."""
    made = embedding.release(corpus, key=KEY, out=tmp_path / "m")
    means = verification.Means(key=KEY)
    assert verification.verify(tmp_path / "m", means=means).holds
    made.page.unlink()
    assert verification.verify(tmp_path / "m", means=means).holds
    embedding.release(corpus, key=KEY, out=tmp_path / "m", force=True)
    assert made.page.exists()


def test_a_long_ledger_streams(tmp_path):
    """Twice the documents need no more memory: sentences that are not drawn are forgotten."""
    texts = [STORY.format(n=f"{number:05}") + " x" * 300 for number in range(2200)]
    made = embedding.release(lay(tmp_path / "c.jsonl", texts[:1]), key=KEY, out=tmp_path / "m")
    first, peaks = ledger.read(made.ledger).documents[0], []
    for documents in (1100, 1100, 2200):  # the first also loads what is used
        path = _write_many(tmp_path / "l.parquet", first, texts[:documents])
        tracemalloc.start()
        fidelity.report(path, page=tmp_path / "p.html", counts=made.counts, release="r", encoder=None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 2_000_000  # as Python objects, 1,100 more documents are 13 MB


def _write_many(path, first, texts):
    """Write a ledger with one document's sites in every text."""
    rows = (
        ledger.to_row(replace(first, id=f"d{row}", text=text, row=row), recipient=None)
        for row, text in enumerate(texts)
    )
    artifacts.write(path, rows, kind=ledger.LEDGER, header=artifacts.Header())
    return path

"""Where texts follow a document: the same places whatever was dealt."""

import inspect

import pytest

from provenance.records import Document
from watermark import flows, lattices, locating, readings
from watermark.sites import Site

TEXT = (
    "Nobody in the valley knew how the large mill had come to stand beside such a narrow river, and the old miller "
    "would only help those who asked him twice before the bell of the church began to ring."
)


def site(word, *others, text=TEXT):
    """Make the site of a word."""
    at = text.index(word)
    return Site(start=at, end=at + len(word), word=word, options=(word, *others))


SITES = (site("large", "big"), site("narrow", "slender"), site("help", "aid", "assist"), site("began", "started"))


def read(text, sites=SITES, document=TEXT):
    """Give the sides read at each site, as {site: side}."""
    flow = flows.read([Document(id="t", text=text)])
    found = locating.find(document, sites, flow)
    return {one.site: one.side for passage in found for run in passage.runs for one in run.readings}


def test_every_wording_is_read():
    """Whatever stands at a site is read as its side, in the order that the deal numbers them."""
    assert read(TEXT) == {0: 1, 1: 0, 2: 2, 3: 0}
    assert read(TEXT.replace("large", "big").replace("help", "assist")) == {0: 0, 1: 0, 2: 1, 3: 0}


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text.replace(" ", "\n  "),
        lambda text: text.replace(",", " —").replace("such", "*such*"),
        lambda text: f"Something else came before. {text} And more came after it.",
        lambda text: f"{text} {text}",
    ],
)
def test_dress_does_not_matter(change):
    """Case, line breaks, punctuation, and what stands before and after change no reading."""
    assert read(change(TEXT)) == read(TEXT)


def test_an_edit_breaks_only_its_neighbourhood():
    """A deleted word, an inserted one and a replaced one leave the other sites read."""
    assert read(TEXT.replace("the old miller", "the miller")) == read(TEXT)
    assert read(TEXT.replace("had come", "had indeed come")) == read(TEXT)
    edited = read(TEXT.replace("narrow", "muddy"))
    assert edited == {site: side for site, side in read(TEXT).items() if site != 1}


def test_a_site_at_the_end_of_a_run_is_not_read():
    """Where nothing beyond a site goes together, its word may stand there for another reason."""
    assert 3 not in read(TEXT[: TEXT.index(" to ring")] + " something else entirely")


def test_common_phrases_are_no_passage():
    """A run of five words, or a few far apart, locates nothing; sixteen words in near runs do."""
    assert read("how the large mill had come to") == {}
    far = "how the large mill had come " + "x " * 40 + "would only help those who asked him " + "y " * 40
    assert read(far) == {}
    near = "how the large mill had come to stand x would only help those who asked him twice before the"
    assert set(read(near)) == {0, 2}


def test_what_grows_together_is_not_read():
    """A site inside a compound or before an apostrophe can be no word of its own: not read, and nothing breaks."""
    for dressed in ("half-large", "large's", "large-scale"):
        text = TEXT.replace("large", dressed)
        sites = tuple(site(one.options[0], *one.options[1:], text=text) for one in SITES)
        assert set(read(text, sites, text)) <= {1, 2, 3}
        assert set(read(text, sites, text)) >= {2, 3}


def test_wordings_that_read_alike_are_not_read():
    """Options that differ in case or punctuation only tell nothing."""
    assert 0 not in read(TEXT, (site("large", "Large"), *SITES[1:]))


def test_a_refrain_is_no_trap():
    """A text and a document of one word a thousand times take no time to speak of, and locate nothing."""
    assert read("la " * 2000, (Site(start=0, end=2, word="la", options=("la", "lo")),), "la " * 2000) == {}


def test_locating_cannot_see_a_deal(deal_copy):
    """No step from texts to readings takes a deal; and with forty others exactly the same is read."""
    assert set(inspect.signature(locating.find).parameters) == {"text", "sites", "flow"}
    assert set(inspect.signature(lattices.build).parameters) == {"text", "sites", "vocabulary"}
    flow = flows.read([Document(id="t", text=" ".join(one.variant(0) for one in deal_copy("acme").documents[::2]))])
    seen = set()
    for name in range(40):
        located = [
            readings.Located(document=one, passages=tuple(locating.find(one.text, one.sites, flow)))
            for one in deal_copy(f"recipient {name}").documents
        ]
        settled = readings.settle(readings.sightings(located, flow))
        seen.add(frozenset(settled.items()))
    (only,) = seen
    assert len(only) > 100


def test_the_majority_reads_and_a_tie_does_not():
    """A coin read twice one way and once another has the first; once each way, none."""
    doubled = f"{TEXT} {TEXT.replace('large', 'big')}"
    flow = flows.read([Document(id="t", text=doubled)])

    class Book:
        id, text, sites = "d", TEXT, SITES

    def settled(text):
        flow = flows.read([Document(id="t", text=text)])
        located = readings.Located(document=Book, passages=tuple(locating.find(TEXT, SITES, flow)))
        return readings.settle(readings.sightings([located], flow))

    assert flow.total == 2 * len(TEXT.split())
    assert len(settled(doubled)) == 3
    assert settled(f"{doubled} {TEXT}")[("d", "large", "big", "large")] == 1


def test_the_passage_that_goes_farthest_is_heard():
    """Words that a longer passage of another document claims are not read for a document that shares a part of them."""
    short = TEXT[: TEXT.index(", and")] + " in a country far away."
    flow = flows.read([Document(id="t", text=TEXT)])

    def located(id_, text, sites):
        book = type("Book", (), {"id": id_, "text": text, "sites": sites})
        return readings.Located(document=book, passages=tuple(locating.find(text, sites, flow)))

    both = [located("long", TEXT, SITES), located("short", short, SITES[:2])]
    assert len(readings.sightings(both[1:], flow)) == 1
    assert {one.document.id for one in readings.sightings(both, flow)} == {"long"}

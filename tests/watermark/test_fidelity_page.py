"""The page that shows its owner how good a release is: what stands on it, and what never may."""

import html.parser
import itertools
import re

import pytest

from watermark.certificate import Counts
from watermark.fidelity import figures, page, wording
from watermark.fidelity.changes import Change, Sentence
from watermark.fidelity.tally import Tally

VOID = {"meta", "path", "use", "br", "rect"}
EVIL = '</td></style><script>alert(1)</script> {{ 7*7 }} <img src=x onerror=a()> " &amp; \u202ebad\u202c \ud800 \x00'


class Outline(html.parser.HTMLParser):
    """Collect tags, attributes and text of a page, and see that tags are closed in order."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Close the tag that was opened last."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        """Note text that is read."""
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    def words(self):
        """Give the text with single spaces."""
        return " ".join("".join(self.text).split())


def sentence(number, *, text="They had a large house.", word="large", new="big", sure=0.75):
    """Make a changed sentence."""
    start = text.index(word)
    change = Change(
        start=start, end=start + len(word), word=word.casefold(), original=word, published=new, acceptability=sure
    )
    return Sentence(document=f"d{number}", place=0, text=text, changes=(change,))


def rendered(sentences, *, release="c.jsonl", words=1000):
    """Render a page of these sentences alone."""
    tally = Tally()
    for one in sentences:
        tally.add(one.changes)
    counts = Counts(
        documents=len(sentences),
        marked=len(sentences),
        words=words,
        sites=2 * len(sentences),
        edits=len(sentences),
        opted_out=0,
        foreign=0,
        kept=0,
    )
    found = figures.measure(tally, counts=counts, changed=len(sentences), drawn=sentences, encoder=None)
    shown = page.Shown(release=release, counts=counts, replaced=tally.replaced(), samples=tuple(sentences[:30]))
    return page.render(found, shown)


@pytest.fixture(scope="module")
def plain():
    """Render an ordinary page once."""
    return rendered([sentence(number) for number in range(40)])


def test_it_leads_with_what_was_found_and_that_it_is_secret(plain):
    """Heading, warning, answers in plain words, and only then the figures."""
    text = Outline(plain).words()
    parts = [
        "Fidelity of the release c.jsonl",
        "Of 100 changes, readers would accept about 75",
        "Keep this page secret.",
        "40 of 1,000 words were given another wording: 4 in 100.",
        "10 in 1,000 words at which a reader is expected to object",
        "Figures",
        "sentence similaritynot measured",
        "Words most often changed",
        "large40big 40",
        "Sentences side by side",
        "30 of 40 changed sentences",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


def test_it_needs_nothing_but_itself(plain):
    """No script, no address, nothing that is loaded; the policy in its head forbids the rest."""
    taken = Outline(plain)
    assert not {"script", "link", "img", "iframe", "object", "a", "base"} & set(taken.tags)
    assert not [pair for pair in taken.attributes if pair[1] in {"src", "href"} and not (pair[2] or "").startswith("#")]
    assert not re.search(r"url\((?!#)|@import", plain)
    assert set(re.findall(r"https?://[^\"<\s]+", plain)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "default-src 'none'" in plain


def test_it_is_laid_out_for_everyone(plain):
    """Every tag is closed, headings have no gaps, tables have headers, the picture has words, the language is named."""
    taken = Outline(plain)
    assert taken.open == []
    levels = [int(tag[1]) for tag in taken.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert taken.tags.count("table") == 3
    assert [value for tag, name, value in taken.attributes if tag == "th" and name == "scope"].count("col") == 11
    (alt,) = (value for tag, name, value in taken.attributes if tag == "svg" and name == "aria-label")
    assert alt == "Histogram of acceptability, mean 0.75. Changes in each tenth: 0.7 to 0.8: 40."
    assert ("html", "lang", "en") in taken.attributes


def test_identifiers_stand_once(plain):
    """Sections are named by headings that are there."""
    taken = Outline(plain)
    identifiers = [value for _, name, value in taken.attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers))
    assert {value for _, name, value in taken.attributes if name == "aria-labelledby"} <= set(identifiers)


def test_the_picture_says_its_numbers_whole(plain):
    """Digits are cut from drawn lines only, never from a label."""
    assert "mean 0.75<" in plain


def test_changes_are_marked_on_both_sides(plain):
    """The word stands marked in its sentence before, and what took its place in the one after."""
    before = '<p dir="auto">They had a <mark class="before">large</mark> house.</p>'
    assert plain.count(before) == plain.count(before.replace("before", "after").replace("large", "big")) == 30


def test_hostile_text_stays_text():
    """Markup, template code, hidden and broken characters are shown as what they are, in text, id and names."""
    text = f"They had a large house {EVIL}."
    rows = [
        Sentence(document=EVIL, place=0, text=text, changes=sentence(0, text=text, word="large", new=EVIL).changes),
        *(sentence(number) for number in range(3)),
    ]
    made = rendered(rows, release=EVIL)
    taken = Outline(made)
    assert taken.open == []
    assert "script" not in taken.tags
    assert not [name for _, name, _ in taken.attributes if name.startswith("on")]
    assert taken.words().count("<script>alert(1)</script> {{ 7*7 }}") >= 6
    assert "⟨U+202E⟩bad⟨U+202C⟩ ⟨U+D800⟩ ⟨U+0000⟩" in taken.words()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", made)
    made.encode()


@pytest.mark.parametrize("words", [0, 1000])
def test_nothing_changed_is_said(words):
    """Without a change, even without a word, the page says so, and draws and measures nothing."""
    made = rendered([], words=words)
    text = Outline(made).words()
    assert "Nothing was changed" in text
    assert "No word was changed." in text
    assert "No sentence was changed." in text
    assert "<svg" not in made
    assert "nan" not in text.casefold().split()


def test_wordings_that_nobody_judged():
    """The page says that acceptability is not known, and why, and shows no level."""
    text = Outline(rendered([sentence(number, sure=None) for number in range(25)])).words()
    assert "Whether readers would accept the changes was not measured" in text
    assert "Not measured: who chose the wordings gives no probability that readers accept them." in text
    assert "not judged" in text


def test_100_of_100_means_all():
    """What is not quite all is never rounded up to it."""
    sentences = [sentence(number, sure=0.999) for number in range(30)]
    assert "accept about 99" in rendered(sentences)
    assert "accept about 100" in rendered([sentence(number, sure=1.0) for number in range(30)])


def test_one_line_says_the_headline():
    """The terminal gets every headline figure, those not measured too."""
    tally, drawn = Tally(), [sentence(number) for number in range(3)]
    for one in drawn:
        tally.add(one.changes)
    counts = Counts(documents=3, marked=3, words=9, sites=3, edits=3, opted_out=0, foreign=0, kept=0)
    found = figures.measure(tally, counts=counts, changed=3, drawn=drawn, encoder=None)
    shown = r"acceptability 0\.75; METEOR [01]\.\d\d; similarity not measured; reading ease \+0\.0"
    assert re.fullmatch(shown, wording.line(found))
    nothing = figures.measure(Tally(), counts=counts, changed=0, drawn=[], encoder=None)
    assert wording.line(nothing) == "nothing was changed"

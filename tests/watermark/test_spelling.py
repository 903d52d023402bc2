"""British or American: what a text's own words say."""

import pytest

from watermark import options, sites, spelling
from watermark.rules import SiteRules

BRITISH = "colour favourites neighbourhood centre kilometres grey travelled realise organised analysed defence fulfil"
AMERICAN = "color favorites neighborhood center kilometers gray traveled realize organized analyzed defense fulfill"
NEITHER = (
    "large four course enter acre surprise exercise prize size laboratory humorous travels models fulfilled raised"
)


@pytest.mark.parametrize(
    ("words", "convention"),
    [(BRITISH, "british"), (AMERICAN, "american"), (NEITHER, None)],
    ids=lambda one: str(one)[:8],
)
def test_a_word_says_whose_spelling_it_has(words, convention):
    """Words of two spellings are told apart, whatever their case; words of one say nothing."""
    for word in words.split():
        assert (word, spelling.convention(word)) == (word, convention)
        assert spelling.convention(word.upper()) == convention


@pytest.mark.parametrize(
    ("text", "british", "american"),
    [
        ("He bought it", False, False),
        ("The centre", False, True),
        ("The center", True, False),
        ("grey gray", True, True),
    ],
)
def test_a_wording_clashes_with_the_other_spelling(text, british, american):
    """It is left out where any word of the text is spelt the other way, and never where it has one spelling."""
    conventions = spelling.used(text.split())
    assert spelling.clashes("point of honour", conventions) == british
    assert spelling.clashes("honor", conventions) == american
    assert not spelling.clashes("large house", conventions)


def test_a_text_is_offered_no_wording_in_the_other_spelling():
    """A British text gets no American wording, and the other way round; a text that says nothing takes either."""
    plain = "They understand the answer at last."
    wordings = {option.text for option in options.find("understand", "understand", "VBP")}
    spelt = {wording for wording in wordings if spelling.convention(wording)}
    assert spelt

    def offered(text):
        found = sites.find(text, rules=SiteRules(per_sentence=50, max_options=50, min_acceptability=0.01))
        return {option for site in found if site.word == "understand" for option in site.options}

    assert offered(plain) & spelt
    for word, own in (("colour", "british"), ("color", "american")):
        kept = offered(f"{plain} The {word} was new.")
        assert kept
        assert all(spelling.convention(wording) in {None, own} for wording in kept)

"""Sites: decided by text and rules alone, never in code or names, always grammatical."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.language.tagging import Sentence, Tagger, Token
from watermark import sites
from watermark.rules import SiteRules

RULES = SiteRules()
PIECES = (
    "She bought a large house usually quickly important he was building an additional start. The error helps us "
    '`large` https://x.org/large ÉTÉ 𝔘 don\'t well-large, "large" (large) >>> \n \n\n | % Large LARGE large_house'
)
PROSE = st.lists(st.sampled_from(PIECES.split(" ")), max_size=40).map(" ".join)


def find(text, **rules):
    """Find sites under the given rules."""
    return sites.find(text, rules=SiteRules(**rules))


def spans(text, **rules):
    """Give the text of every site."""
    return [text[site.start : site.end] for site in find(text, **rules)]


def options_of(text, word):
    """Give the options where a word stands; None if it is no site."""
    return next((site.options for site in find(text, per_sentence=50) if site.word == word), None)


@pytest.mark.parametrize(
    ("text", "word", "option"),
    [
        ("She bought the large house.", "bought", "purchased"),
        ("He chooses the large house.", "chooses", "selects"),
        ("It has larger rooms than ours.", "larger", "bigger"),
        ("We saw the largest house in town.", "largest", "biggest"),
        ("They praised the doctors of the ward.", "doctors", "physicians"),
        ("They are beginning the old game.", "beginning", "starting"),
    ],
)
def test_tense_number_and_degree_are_carried_over(text, word, option):
    """An option is inflected as the word that it replaces."""
    assert option in options_of(text, word)[1:]


def test_the_case_of_a_sentences_first_word_is_kept():
    """A sentence that begins with a site still begins with a capital."""
    assert "Normally" in options_of("Usually the answer is known.", "usually")
    assert all(option[0].isupper() for option in options_of("Usually the answer is known.", "usually"))


def test_words_in_capitals_stay_in_capitals():
    """A heading's word is changed, article and all, if the text has it in small letters too; else it may be a name."""
    heading, prose = "IT WAS AN IMPORTANT ANSWER, BUT A LARGE COST.", "\n\nThe large house is an important one."
    assert options_of(heading + prose, "large") == ("LARGE", "BIG", "HUGE")
    assert options_of(heading + prose, "important") == ("AN IMPORTANT", "A SIGNIFICANT")
    assert spans(heading) == []


@pytest.mark.parametrize(
    "text", ["an (additional) cost", "an “additional” one", 'an "additional cost"', "an, additional"]
)
def test_an_article_that_does_not_touch_its_word_is_not_belied(text):
    """Where a mark stands between article and word, the article cannot change with it, so the word stays."""
    assert options_of(f"It was {text} for us.", "additional") is None


@pytest.mark.parametrize(
    ("text", "span", "options"),
    [
        ("It was an additional cost.", "an additional", ("an additional", "a supplementary", "an extra")),
        ("It was a large cost.", "large", ("large", "big", "huge")),
        ("A brief answer came.", "brief", ("brief", "short")),
        (
            "This is an\n  additional cost.",
            "an\n  additional",
            ("an\n  additional", "an\n  extra", "a\n  supplementary"),
        ),
    ],
)
def test_a_and_an_are_mended_inside_the_site(text, span, options):
    """Where an option changes the article, the site begins at the article; where none does, it does not."""
    site = next(site for site in find(text) if text[site.start : site.end] == span)
    assert site.options[0] == span
    assert set(site.options) == set(options)


def test_a_word_inside_another_is_never_a_site():
    """The "large" in "enlarge" and in "largely-held" is no word; the free-standing one is, at its own place."""
    text = "They enlarge the largely-held, large-scale and large houses."
    assert [(site.start, site.word) for site in find(text) if site.word == "large"] == [
        (text.rindex("large "), "large")
    ]


def test_every_occurrence_has_its_own_place():
    """Two equal words are two sites with offsets of their own, not the first one twice."""
    text = "The large house stood there. The large barn stood there."
    places = [site.start for site in find(text) if site.word == "large"]
    assert places == [text.index("large"), text.rindex("large")]


@pytest.mark.parametrize(
    "text", ["The large, old house.", "The house (large) stood.", "It was large!", "So large; so old."]
)
def test_punctuation_does_not_stick_to_words(text):
    """Punctuation beside a word is outside its span."""
    assert all(text[site.start : site.end].isalpha() for site in find(text))


@pytest.mark.parametrize(
    "text",
    [
        "It was Large Capital itself.",
        "The LARGE sign is there.",
        "He came instead of her.",
        "The `large house` is here.",
        "See https://example.org/large/help for it.",
        "Write to large@example.org or help@large.org.",
        "```\nthe large house\n```\n",
        ">>> the large house\nthe large house\n",
        "It is in the large_house or large2 or largeHouse.",
        "| large | house |\n|-------|-------|\n",
        "The <b class='large house'> tag.",
        "Call start(the large house) now.",
        'Pass "large" to it.',
        "The path usr/large/help is there.",
        "Example::\n\n    the large house was purchased\n\nIt was so.\n",
    ],
)
def test_names_code_and_markup_are_left_alone(text):
    """Names, acronyms, identifiers, code, addresses, markup, tables and quoted words are never sites."""
    assert spans(text, per_sentence=50) == []


def test_the_best_words_are_chosen_after_eligibility():
    """Names and numbers do not use up a sentence's slots, however rare they are."""
    text = "Zbigniew Brzezinski and Kubrakiewicz 48151 xyzzy_7 usually help the doctor."
    assert len(find(text, per_sentence=2)) == 2


def test_the_most_surprising_words_are_taken():
    """With one slot, the rarer of two words gets it."""
    text = "The physician usually helps."
    both, one = find(text), find(text, per_sentence=1)
    assert len(both) > 1
    assert [site.word for site in one] == ["physician"]


def test_opaque_spans_are_left_alone():
    """A caller's opaque spans have no sites, nor has an article inside them."""
    text = "It was an additional one."
    assert sites.find_all([(text, [(7, 9)])], rules=RULES) == [()]


def test_phrasal_verbs_and_set_phrases_are_left_alone():
    """A word that makes one expression with its neighbour is not changed."""
    assert options_of("They start up the old engine.", "start") is None
    assert options_of("He used to live here.", "used") is None


def test_one_spelling_is_no_wording_for_another():
    """British and American spellings are never offered for each other."""
    for site in find("The colour of the theatre was grey. They realise and organise it."):
        assert {"color", "theater", "gray", "realize", "organize"}.isdisjoint(site.options)


@pytest.mark.parametrize("rules", [{"min_acceptability": 5}, {"per_sentence": 0}, {"max_options": 1}])
def test_a_count_is_not_taken_for_a_threshold(rules):
    """A number that cannot be meant is refused, instead of silently giving no sites."""
    with pytest.raises(ValueError, match=r"must be|probabilities"):
        SiteRules(**rules)


def test_the_method_names_every_setting():
    """The rules' name changes with each of them."""
    assert "per_sentence=7" in SiteRules(per_sentence=7).method
    assert all(name in RULES.method for name in SiteRules.__slots__)


def test_a_higher_bar_gives_fewer_sites():
    """Raising the acceptability takes sites away."""
    text = "The author bought an additional ship. The victory was significant and the road was wide."
    assert len(find(text, min_acceptability=0.9)) < len(find(text))


def test_a_given_tagger_is_used():
    """The tagger decides what is a name: one that calls every word a name leaves no site."""

    def read(texts):
        token = Token(start=4, end=9, text=texts[0][4:9], upos="PROPN", xpos="JJ", lemma="large")
        return [(Sentence(start=0, end=len(texts[0]), tokens=(token,)),)]

    assert sites.find("The large house.", rules=RULES, tagger=Tagger(method="names", read=read)) == ()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_hash_order_changes_nothing(seed):
    """Another hash seed gives the same sites and the same order of options."""
    text = "She usually bought an additional large house, and the physician completed the journey quickly."
    code = f"from watermark import rules, sites; print(sites.find({text!r}, rules=rules.SiteRules()))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(sites.find(text, rules=RULES))


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(max_size=200), PROSE))
def test_the_laws_of_sites_hold_for_any_text(text):
    """Sites are in order, apart, start with the text as it stands, and bring in letters and white space only."""
    last = 0
    for site in find(text):
        assert last <= site.start < site.end <= len(text)
        assert site.options[0] == text[site.start : site.end]
        assert len(set(site.options)) == len(site.options) >= 2
        assert list(site.options[1:]) == sorted(site.options[1:], key=str.casefold)
        assert all(letter.isalpha() or letter.isspace() for option in site.options for letter in option)
        assert all(option.split()[-1].isascii() for option in site.options)
        last = site.end


@settings(max_examples=100, deadline=None)
@given(text=PROSE)
def test_the_same_text_has_the_same_sites(text):
    """Two calls agree."""
    assert find(text) == find(text)

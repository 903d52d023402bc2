"""Acceptability: common wordings of common senses before rare ones, and what is never offered."""

import pytest

from watermark import acceptability, articles, interchange, opaque, options, stoplist


@pytest.mark.parametrize(
    ("word", "pos", "better", "worse"),
    [("large", "a", "big", "bombastic"), ("bright", "a", "brilliant", "smart"), ("car", "n", "automobile", "gondola")],
)
def test_the_dominant_sense_wins(word, pos, better, worse):
    """A word that shares the usual sense is likelier to be accepted than one that shares a rare one."""
    assert acceptability.probability(word, better, pos) > acceptability.probability(word, worse, pos)


def test_it_is_a_probability():
    """Nothing in common is 0; everything else lies between 0 and 1."""
    assert acceptability.probability("large", "seldom", "a") == 0
    for word in ("run", "house", "light", "help"):
        for candidate in options.candidates(word, "n"):
            assert 0 < acceptability.probability(word, candidate, "n") < 1


def test_interchangeable_words_have_a_floor():
    """A pair of the families is at least as likely as the families are measured to be."""
    assert acceptability.probability("usually", "typically", "r") >= acceptability.INTERCHANGEABLE


def test_arrows_point_one_way():
    """What an arrow leads away from no wording for what it leads to."""
    assert "find" in interchange.partners("locate", "v")
    assert "locate" not in interchange.partners("find", "v")


def test_families_are_words():
    """No family holds anything but lower-case words, and none a word twice."""
    for families in interchange.FAMILIES.values():
        for family in families.split(";"):
            members = family.replace(">", " ").split()
            assert all(member.isascii() and member.isalpha() and member.islower() for member in members)
            assert len(set(members)) == len(members) >= 2


def test_no_family_offers_an_offensive_word():
    """What may offend is in no family."""
    offered = {
        other for pos in interchange.FAMILIES for lemma in _lemmas(pos) for other in interchange.partners(lemma, pos)
    }
    assert not offered & set(stoplist.OFFENSIVE.split())


@pytest.mark.parametrize("word", ["large", "house", "movie", "fast", "help", "automobile"])
def test_candidates_are_plain_words(word):
    """No underscores, capitals, digits, hyphens; not the word itself; nothing never offered."""
    for pos in ("n", "v", "a", "r"):
        for candidate in options.candidates(word, pos):
            assert options.SPELLED.fullmatch(candidate)
            assert candidate != word
            assert candidate not in stoplist.NEVER_OFFERED


def test_antonyms_are_never_offered():
    """No candidate has a sense that opposes one of the word's."""
    assert not {"small", "little"} & set(options.candidates("large", "a"))


def test_options_are_the_likeliest_first():
    """Options come in falling order of acceptability."""
    found = [option.acceptability for option in options.find("journey", "journey", "NN")]
    assert found == sorted(found, reverse=True)
    assert found


@pytest.mark.parametrize(
    ("word", "article"),
    [
        *(
            (word, "an")
            for word in ("hour", "honest", "heir", "apple", "umbrella", "unimportant", "uninteresting", "urn")
        ),
        *((word, "a") for word in ("house", "university", "one", "European", "useful", "unique", "usual", "unanimous")),
    ],
)
def test_articles_go_by_sound(word, article):
    """An hour, a university."""
    assert articles.article(word) == article


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("Use `x y` here", ["`x y`"]),
        ("See www.example.org/a now", ["www.example.org/a"]),
        ("Some prose.\n\n    the x here\n\nMore prose.", ["    the x here\n"]),
        (">>> f(x)\nresult here\n\nprose", [">>> f(x)\nresult here\n"]),
    ],
)
def test_what_is_not_prose_is_opaque(text, closed):
    """Code, addresses and prompts with their output are spans of their own."""
    assert [text[start:end] for start, end in opaque.find(text)] == closed


def _lemmas(pos):
    return interchange.FAMILIES[pos].replace(">", " ").replace(";", " ").split()

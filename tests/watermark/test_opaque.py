"""What is no prose, and what is quoted."""

import time

import pytest

from watermark import opaque, sites
from watermark.rules import SiteRules

QUOTED = [
    'He said, "the large house", and went.',
    "He said, “the large house”, and went.",
    "He said, «the large house», and went.",
    "“The large\nhouse.\n\nHe went.",
    '"The large house.\n\nHe went.',
    "On Monday he wrote:\n> the large house\n\nHe went.",
]


@pytest.mark.parametrize("text", QUOTED)
def test_quotations_are_spared_on_request(text):
    """Words inside quotation marks, up to the paragraph's end where none closes, are sites unless told otherwise."""
    plain, spared = (
        {site.word for site in sites.find(text, rules=SiteRules(spare_quotations=spare))} for spare in (False, True)
    )
    assert "large" in plain
    assert "large" not in spared


@pytest.mark.parametrize("text", QUOTED)
def test_what_follows_a_quotation_is_prose_again(text):
    """A quotation ends at its mark, or with its paragraph."""
    more = f"{text}\n\nIt was an important house."
    assert "important" in {site.word for site in sites.find(more, rules=SiteRules(spare_quotations=True))}


@pytest.mark.parametrize(
    "text",
    [
        "<table>\n<tr><td>The large house</td></tr>\n</table>",
        "<PRE>\nthe large house\n</PRE>",
        "<script>\nvar x = 'the large house was old';\n</script>",
        "See <code>the large house</code> there.",
        "<!-- the large\n\nhouse -->",
        "<img\n  alt='the large house'>",
    ],
)
def test_elements_that_hold_no_prose_are_left_alone(text):
    """Cells of an HTML table, code, comments and attributes have no sites; what follows has."""
    assert "large" not in {site.word for site in sites.find(text, rules=SiteRules())}
    after = sites.find(f"{text}\n\nThe large house was old.", rules=SiteRules())
    assert "large" in {site.word for site in after}


@pytest.mark.parametrize("unit", ["<pre>", "<code>\n\n", "<!--", "<a\n", '"a', "“\n\n", "> a\n", "```\n", " "])
def test_long_runs_stay_linear(unit):
    """A megabyte of anything that opens and never closes is passed over in seconds, not hours."""
    text = unit * (500_000 // len(unit)) + "x"
    began = time.process_time()
    opaque.find(text)
    opaque.quotations(text)
    assert time.process_time() - began < 20

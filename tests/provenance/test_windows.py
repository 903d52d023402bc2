"""Which tokens of a row are scored by default."""

import doctest

from provenance import windows


def test_all_who_are_asked_together_are_asked_about_the_same():
    """Log-probabilities of all but the first eight of 64 tokens; beside somebody who only writes, what follows 32."""
    assert doctest.testmod(windows).failed == 0
    assert doctest.testmod(windows).attempted > 0
    assert windows.usual(["text-only:http://h#m", "hf:other"]) == windows.WRITTEN
    assert windows.usual(["hf:text-only:"]) == windows.usual([]) == windows.SCORED


def test_one_question_costs_what_it_did():
    """Either window makes a model read 64 tokens of a row."""
    assert {window.start + window.length for window in (windows.SCORED, windows.WRITTEN)} == {64}

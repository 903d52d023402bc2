"""Is this document English prose?

What is not English has no sites: the lexicon would take foreign words for English ones. The answer is py3langid's, on a
few stretches of the text; where there is too little text to tell, it is yes.

>>> english("The committee will publish its report before the end of the year.")
True
>>> english("Der Ausschuss wird seinen Bericht noch vor dem Ende des Jahres vorlegen.")
False
"""

from __future__ import annotations

import functools
from itertools import islice
from typing import TYPE_CHECKING

from provenance.language import words

if TYPE_CHECKING:
    from collections.abc import Callable

FEWEST = 8
"""Words below which nothing can be told."""
STRETCH = 1500
"""Code points that are read at the beginning, in the middle and at the end."""


def english(text: str) -> bool:
    """Say whether a text is English, or too short to tell."""
    sample = _sample(text)
    few = len(list(islice(words.find(sample), FEWEST))) < FEWEST
    if few and sample.isascii():
        return True
    return _classify()(sample)[0] == "en"


def _sample(text: str) -> str:
    if len(text) <= 3 * STRETCH:
        return text
    middle = (len(text) - STRETCH) // 2
    return "\n".join((text[:STRETCH], text[middle : middle + STRETCH], text[-STRETCH:]))


@functools.cache
def _classify() -> Callable[[str], tuple[str, float]]:
    import py3langid  # a tenth of a second and its table

    classify: Callable[[str], tuple[str, float]] = py3langid.classify
    return classify

"""Does a text spell as the British do, or as the Americans do?

A wording in the other spelling would give a text two. What a text's own words say decides; a text that says nothing
takes either.

>>> [convention(word) for word in ("colour", "organize", "travelled", "center", "four", "prize")]
['british', 'american', 'british', 'american', None, None]
>>> clashes("color", used(["They", "realised", "it"]))
True
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, Literal

from provenance.language.surprisal import zipf

if TYPE_CHECKING:
    from collections.abc import Iterable

Convention = Literal["british", "american"]

STEMS: Final = """
colour/color honour/honor favour/favor labour/labor neighbour/neighbor behaviour/behavior humour/humor flavour/flavor
harbour/harbor rumour/rumor vapour/vapor odour/odor armour/armor endeavour/endeavor saviour/savior splendour/splendor
vigour/vigor rigour/rigor valour/valor fervour/fervor demeanour/demeanor parlour/parlor tumour/tumor candour/candor
savour/savor clamour/clamor centre/center theatre/theater metre/meter litre/liter fibre/fiber calibre/caliber
spectre/specter lustre/luster sombre/somber meagre/meager manoeuvre/maneuver defence/defense offence/offense
pretence/pretense licence/license practise/practice grey/gray catalogue/catalog jewellery/jewelry moustache/mustache
plough/plow mould/mold smoulder/smolder sceptic/skeptic sceptical/skeptical scepticism/skepticism
aluminium/aluminum skilful/skillful wilful/willful fulfil/fulfill fulfilment/fulfillment enrol/enroll
enrolment/enrollment instalment/installment ageing/aging cosy/cozy pyjama/pajama artefact/artifact anaemia/anemia
anaesthetic/anesthetic foetus/fetus haemorrhage/hemorrhage diarrhoea/diarrhea encyclopaedia/encyclopedia
"""
ENDING = r"(?:s|d|ed|ing|ings|able|ably|ful|fully|less|ly|y|ist|ists|ite|ites|hood|hoods|al|ally|r|rs|er|ers)?"
BEFORE = r"(?:dis|mis|un|multi|kilo|centi|milli)?"
PAIRS: Final = tuple(tuple(pair.split("/")) for pair in STEMS.split())
BOTH = frozenset(("licensed", "practice", "practices", "fulfilled", "fulfilling", "enrolled", "enrolling"))
"""Spelt alike on both sides, though a stem fits."""
BRITISH = re.compile(rf"{BEFORE}(?:{'|'.join(british for british, _ in PAIRS)}){ENDING}")
AMERICAN = re.compile(rf"{BEFORE}(?:{'|'.join(american for _, american in PAIRS)}){ENDING}")
DOUBLED = re.compile(
    r"(?:travel|cancel|counsel|model|label|level|signal|fuel|dial|marvel|quarrel|rival|total|channel|tunnel)"
    r"(l?)(?:ed|ing|ers?|ors?)"
)
ISE = re.compile(r"\w{3,}[iy]([sz])(?:e[dr]?|ers|ing)|\w{3,}i([sz])(?:es|ations?|able)")
COMMON, ALIKE = 1.5, 1.2
"""A word in -ise or -ize has two spellings if both are so common, and about equally so: "surprise" has one."""


@functools.lru_cache(maxsize=65_536)
def convention(word: str) -> Convention | None:
    """Say whose spelling a word has; None where both spell it so."""
    plain = word.casefold()
    if plain in BOTH:
        return None
    if BRITISH.fullmatch(plain):
        return "british"
    if AMERICAN.fullmatch(plain):
        return "american"
    if match := DOUBLED.fullmatch(plain):
        return "british" if match[1] else "american"
    return _of_ise(plain)


def used(words: Iterable[str]) -> frozenset[Convention]:
    """Name the conventions that some words follow: none, one or both."""
    return frozenset(found for word in words if (found := convention(word)) is not None)


def clashes(wording: str, conventions: frozenset[Convention]) -> bool:
    """Say whether a wording is spelt otherwise than some word of a text that follows these conventions."""
    own = used(wording.split(" "))
    return bool(own) and bool(conventions - own)


def _of_ise(word: str) -> Convention | None:
    match = ISE.fullmatch(word)
    if match is None:
        return None
    at = match.start(match.lastindex or 0)
    other = word[:at] + ("z" if word[at] == "s" else "s") + word[at + 1 :]
    rarer, commoner = sorted((zipf(word), zipf(other)))
    if rarer < COMMON or commoner - rarer > ALIKE:
        return None
    return "british" if word[at] == "s" else "american"

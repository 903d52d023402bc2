"""Which everyday words stand in for each other almost anywhere in written prose?

WordNet's senses are blind to how words are used. These families, written for this tool, hold words that an editor
would let stand in each other's place in most sentences. In a pair that works one way only, the arrow shows which.

>>> partners("usually", "r")
('commonly', 'generally', 'normally', 'typically')
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watermark.lexicon import Pos

FAMILIES: Final[dict[Pos, str]] = {
    "n": """
option choice; purpose aim; restriction limitation constraint; portion > part; benefit advantage;
drawback disadvantage; outcome > result; consequence > result; ability capability; alteration > change;
modification > change; usage > use; quantity amount; attempt > effort; beginning start; effort > attempt;
mistake > error; objective goal; majority > bulk; remainder rest; assistance aid help; explanation > account;
notion idea concept; duty responsibility; opportunity > chance; absence lack; presumption assumption;
component > part; completion > end; selection > choice; disagreement dispute; journey trip; story tale;
author writer; reply answer response; hint clue; victory triumph; automobile car; lawyer attorney;
physician doctor; illness sickness disease; residence > home; struggle fight; region area; conclusion > end;
requirement > need; significance importance; prerequisite > requirement; utilization > use
""",
    "v": """
start begin; allow permit; require need; choose select; change alter modify; construct build; finish complete;
occur happen; show display; remove delete; help aid assist; obtain acquire; generate produce;
compute calculate; verify check; retrieve fetch; terminate end; suppose assume presume; examine inspect;
evaluate assess; ignore disregard; demonstrate show; prevent > stop; supply provide; attempt try;
collect gather; combine merge; divide split; connect link; store > save; preserve retain; utilize use employ;
invoke > call; purchase buy; depict portray; comprehend understand; prohibit forbid; indicate > show;
cease stop; enlarge expand; omit skip; guarantee ensure; reveal disclose; denote > mean; discard > drop;
enclose surround; attach fasten; trigger > cause; execute > run; maintain > keep; reject refuse; conceal hide;
transmit > send; traverse cross; discover > find; locate > find; commence begin; halt stop; erect build;
injure wound; wed marry; defeat > beat; reside > live; strike hit; assert claim; accomplish achieve attain;
repair fix
""",
    "a": """
large big; vast huge; main principal primary chief; additional extra; entire whole complete;
important significant; helpful useful; difficult hard; rapid quick fast; correct right; incorrect wrong;
unusual uncommon; usual > normal; sufficient adequate; suitable appropriate; distinct > different;
necessary needed required; specific particular; various diverse; multiple > several; previous earlier;
subsequent later; current present; exact precise; numerous many; external outside; internal inner;
alternate alternative; tiny > small; huge enormous; famous renowned; wide broad; strange odd;
permanent lasting; whole entire; preceding previous; underlying > basic; consecutive successive; typical usual;
rare uncommon; considerable substantial; widespread > common; crucial essential vital;
supplementary additional; maximum greatest; reliable dependable
""",
    "r": """
usually normally typically commonly; quickly rapidly; frequently often; completely entirely fully;
totally > completely; currently presently; almost nearly; exactly precisely; approximately roughly;
simply merely; especially particularly; immediately instantly; possibly perhaps; primarily mainly chiefly;
mostly largely; previously earlier; subsequently afterwards later; eventually ultimately finally;
similarly likewise; consequently therefore thus hence; rarely seldom; invariably > always; slightly somewhat;
really truly; generally usually; solely > only; extremely highly; very extremely; additionally > also;
regularly > often; repeatedly > often; apparently seemingly; correctly properly rightly; easily readily;
separately individually; sufficiently adequately; specifically > particularly; nevertheless nonetheless;
considerably substantially; partially partly; virtually practically; carefully > cautiously; newly recently;
nowadays today; occasionally sometimes; wholly entirely; principally mainly
""",
}
"""By part of speech; families end in a semicolon, and ``a > b`` offers b for a, not a for b. Lemmas."""


def partners(lemma: str, pos: Pos) -> tuple[str, ...]:
    """Give the lemmas that stand in for a lemma, sorted."""
    return _partners().get((lemma, pos), ())


@functools.cache
def _partners() -> dict[tuple[str, Pos], tuple[str, ...]]:
    found: dict[tuple[str, Pos], set[str]] = {}
    for pos, families in FAMILIES.items():
        for lemma, other in _pairs(families):
            found.setdefault((lemma, pos), set()).add(other)
    return {key: tuple(sorted(others)) for key, others in found.items()}


def _pairs(families: str) -> Iterator[tuple[str, str]]:
    for family in families.split(";"):
        one, arrow, other = family.partition(">")
        if arrow:
            yield one.strip(), other.strip()
        else:
            yield from ((a, b) for a in one.split() for b in one.split() if a != b)

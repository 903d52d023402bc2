"""Whose copy did the suspect read?

Each recipient's copy is tested against the private alternates of its own sub-key, whatever became of the other copies:
one piece of evidence each, weighed together by Holm's rule. The other recipients' copies serve for a screen that costs
no query and decides nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.audits import signals
from provenance.audits.gates import MIN_UNITS
from provenance.evidence import Effect
from provenance.stats import redraw
from watermark import copies, detection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.evidence import Evidence
    from provenance.scoring import Scores
    from watermark.ledger import Ledger

SCREEN = (
    "The screen asks how often the suspect finds this recipient's published wording likelier than that of the other "
    "recipients. It took no query and decides nothing: where every copy was read it shows nothing, and where one copy "
    "was read by nobody the screen may point at an innocent recipient."
)


def audit(released: Sequence[Ledger], scores: Scores, **settings: Any) -> tuple[Evidence, ...]:
    """Audit one suspect against every recipient's copy, each against its own alternates.

    Parameters
    ----------
    settings
        As for `watermark.detection.audit`; every claim gets the same.

    Returns
    -------
    One piece of evidence a recipient, in the order of the ledgers. Each names the whole family: a finding is one when
    its Holm-adjusted p says so, as `provenance.report` computes it.
    """
    books = copies.apart(released)
    groups = copies.by_recipient(books)
    names = tuple(f"{scores.suspect['suspect']}, copy of {recipient or 'nobody'}" for recipient in groups)
    return tuple(
        replace(screened(detection.audit(own, scores, **settings), own, books, scores=scores), family=names)
        for own in groups.values()
    )


def screened(evidence: Evidence, own: Sequence[Ledger], books: Sequence[Ledger], *, scores: Scores) -> Evidence:
    """Add the screen to the evidence about one recipient, as far as answers about other copies are at hand.

    Parameters
    ----------
    own, books
        The recipient's ledgers, and all of them, by `watermark.copies.apart`.
    """
    table = _published(own, [book for book in books if book not in own], scores)
    if len(table) < MIN_UNITS:
        return evidence
    wins = redraw.win_rate(table)
    effect = Effect(
        name="screen:wins-against-other-copies", value=wins.value, low=wins.low, high=wins.high, level=wins.level
    )
    return replace(evidence, effects=(*(evidence.effects or ()), effect), caveats=(*evidence.caveats, SCREEN))


def _published(own: Sequence[Ledger], others: Sequence[Ledger], scores: Scores) -> NDArray[np.float64]:
    """Give the log-likelihood of each document's own copy, then of the other copies; NaN where one has no answer."""
    said = signals.by_record(scores, signals.total_logprob(scores))
    rows = [
        [
            said.get((book.set, document.id, 0), np.nan),
            *(said.get((other.set, document.id, 0), np.nan) for other in rest),
        ]
        for book in own
        for rest in [[other for other in others if other.release == book.release]]
        for document in book.documents
    ]
    width = max((len(row) for row in rows), default=1)
    table = np.full((len(rows), width), np.nan)
    for row, numbers in enumerate(rows):
        table[row, : len(numbers)] = numbers
    answered = ~np.isnan(table)
    known: NDArray[np.float64] = table[answered[:, 0] & answered[:, 1:].any(axis=1)]
    return known

"""How does a ledger become fidelity figures and a page?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance import storage
from watermark import ledger
from watermark.fidelity import changes, figures
from watermark.fidelity import page as pages
from watermark.fidelity.draw import Draw
from watermark.fidelity.tally import Tally

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from watermark.certificate import Counts
    from watermark.encoder import Encoder
    from watermark.fidelity.figures import Fidelity

SAMPLED, SHOWN = 500, 30
"""Changed sentences that are measured, and that stand on the page."""


def report(
    ledger_path: str | os.PathLike[str],
    *,
    page: Path,
    counts: Counts,
    release: str,
    encoder: Encoder | None,
) -> Fidelity:
    """Measure how far a release is from its corpus, and write the page.

    The page shows changed words and sentences, thus where marks are: only its owner can read the file.

    Parameters
    ----------
    ledger_path
        The release's ledger, read once and document by document.
    page
        Where the secret page goes.
    counts
        Of the whole release, documents without sites included.
    release
        Its name: with document and place it draws the sentences that are looked at closely.
    encoder
        Measures how alike sentences are before and after; None: that is not measured.
    """
    tally, draw = Tally(), Draw(release=release, size=SAMPLED)
    for document in ledger.stream(ledger_path):
        found = list(changes.in_sentences(document))
        tally.add(tuple(change for sentence in found for change in sentence.changes))
        for sentence in found:
            draw.add(sentence)
    drawn = draw.drawn()
    measured = figures.measure(tally, counts=counts, changed=draw.seen, drawn=drawn, encoder=encoder)
    shown = pages.Shown(release=release, counts=counts, replaced=tally.replaced(), samples=drawn[:SHOWN])
    with storage.atomic(page, secret=True) as temporary:
        temporary.write_text(pages.render(measured, shown), encoding="utf-8")
    return measured

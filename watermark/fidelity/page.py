"""What does the owner of a release get to see of its fidelity, on one page that stands alone?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance import artifacts
from provenance.report import layout
from watermark.fidelity import tables, wording
from watermark.fidelity.tally import Acceptability

if TYPE_CHECKING:
    from provenance.report.figures import Drawing
    from watermark.certificate import Counts
    from watermark.fidelity.changes import Sentence
    from watermark.fidelity.figures import Fidelity
    from watermark.fidelity.tally import Replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stands on the page and is not for the public, or stands elsewhere in the certificate."""

    release: str
    counts: Counts
    replaced: tuple[Replaced, ...]
    """Words most often changed, with what took their place."""
    samples: tuple[Sentence, ...]


def render(measured: Fidelity, shown: Shown) -> str:
    """Lay figures, words and sentences out as HTML; the same ones give the same bytes."""
    return layout.fill(
        "watermark.fidelity:page.html.j2",
        own_style=layout.stylesheet("watermark.fidelity:page.css"),
        release=shown.release,
        heading=wording.heading(measured),
        answers=wording.answers(measured, shown.counts),
        limits=wording.LIMITS,
        figures=tables.figures(measured),
        histogram=_histogram(measured),
        replaced=tables.replaced(shown.replaced),
        samples=tables.samples(shown.samples, changed=measured.sentences_changed),
        tool=artifacts.TOOL,
    )


def _histogram(measured: Fidelity) -> Drawing | None:
    match measured.acceptability:
        case Acceptability() as accepted:
            from watermark.fidelity import histogram  # draws with matplotlib, which takes a while to load

            return histogram.draw(accepted)
        case _:
            return None

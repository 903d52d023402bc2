"""Where do texts follow a document, whichever wordings they have at its sites?

A text follows a document where word after word is the same and, at each site, any one of its wordings stands. So which
sites are located depends on the text and on the document before marking, and never on the deal: with every deal the
same sites are read, and the law of their coins stays what it was.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watermark import lattices
from watermark.flows import WINDOW
from watermark.lattices import Fork

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from watermark.flows import Flow
    from watermark.lattices import Element
    from watermark.sites import Site

RUN = 5
"""Least words that are no site's, one after another but for sites, between two edits."""
PASSAGE = 16
"""Least such words in runs that follow each other."""
LEAP = 24
"""Farthest from one run to the next of a passage, in words of the text and of the document alike."""
METHOD = f"passages(window={WINDOW}, run={RUN}, passage={PASSAGE}, leap={LEAP})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What stands at a site."""

    site: int
    side: int
    """Side of the coin, as `watermark.variants.sides` numbers them."""
    place: int
    """Number of the word in the flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where text and document go together from word to word."""

    place: tuple[int, int]
    """First word in the flow, and the one after the last."""
    elements: tuple[int, int]
    """Likewise in the document."""
    words: int
    """How many of them are no site's."""
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Runs that follow each other in text and document, with edits between them."""

    runs: tuple[Run, ...]

    @property
    def words(self) -> int:
        """How many words go together that are no site's."""
        return sum(run.words for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One element of the document that the text matches."""

    element: int
    place: int
    length: int
    fork: tuple[int, int] | None
    """Site and side, where the element is a fork."""


def find(text: str, sites: Sequence[Site], flow: Flow) -> list[Passage]:
    """Find all passages in which texts follow a document.

    Parameters
    ----------
    text, sites
        The document as its ledger knows it before marking. Its deal is not asked for, and cannot be looked at.
    """
    elements = lattices.build(text, sites, flow.vocabulary)
    return [passage for passage in _passages(sorted(_runs(elements, flow), key=_order)) if passage.words >= PASSAGE]


def _order(run: Run) -> tuple[int, int]:
    return run.place[0], run.elements[0]


def _runs(elements: Sequence[Element], flow: Flow) -> Iterator[Run]:
    covered = set[tuple[int, int]]()
    for element, place in _seeds(elements, flow):
        if (element, place) not in covered:
            steps = [*reversed(_back(elements, flow.words, element, place)), *_on(elements, flow.words, element, place)]
            covered.update((step.element, step.place) for step in steps)
            run = _run(steps)
            if run is not None and run.words >= RUN:
                yield run


def _seeds(elements: Sequence[Element], flow: Flow) -> Iterator[tuple[int, int]]:
    """Give every place where a window of the document stands in a text, as (element, place)."""
    reach = 0
    for last, element in enumerate(elements, start=1):
        reach = reach + 1 if lattices.matches(element) else 0
        if reach >= WINDOW:
            for window in _renderings(elements[last - WINDOW : last]):
                for place in flow.windows.get(window, ()):
                    yield last - WINDOW, place


def _renderings(window: Sequence[Element]) -> Iterator[tuple[int, ...]]:
    if not any(isinstance(element, Fork) for element in window):
        yield tuple(window)  # type: ignore[arg-type]  # no fork is left
        return
    ways = ([one for one, _ in part.wordings] if isinstance(part, Fork) else [(part,)] for part in window)
    yield from dict.fromkeys(tuple(itertools.chain(*parts))[:WINDOW] for parts in itertools.product(*ways))


def _on(elements: Sequence[Element], words: Sequence[int], element: int, place: int) -> list[_Step]:
    """Go on from here as long as text and document go together."""
    steps = list[_Step]()
    while element < len(elements):
        here = elements[element]
        if isinstance(here, Fork):
            found = next((one for one in here.wordings if tuple(words[place : place + len(one[0])]) == one[0]), None)
            if found is None:
                break
            step = _Step(element=element, place=place, length=len(found[0]), fork=(here.site, found[1]))
        elif words[place] == here:
            step = _Step(element=element, place=place, length=1, fork=None)
        else:
            break
        steps.append(step)
        element, place = element + 1, place + step.length
    return steps


def _back(elements: Sequence[Element], words: Sequence[int], element: int, place: int) -> list[_Step]:
    """Go back from before here, the nearest step first."""
    steps = list[_Step]()
    while element > 0:
        here = elements[element - 1]
        if isinstance(here, Fork):
            found = next(
                (one for one in here.wordings if tuple(words[max(place - len(one[0]), 0) : place]) == one[0]), None
            )
            if found is None:
                break
            length, fork = len(found[0]), (here.site, found[1])
        elif words[place - 1] == here:
            length, fork = 1, None
        else:
            break
        element, place = element - 1, place - length
        steps.append(_Step(element=element, place=place, length=length, fork=fork))
    return steps


def _run(steps: Sequence[_Step]) -> Run | None:
    """Make a run of steps; a site at either end, with nothing beyond it that goes together, is not read."""
    plain = [number for number, step in enumerate(steps) if step.fork is None]
    if not plain:
        return None
    kept = steps[plain[0] : plain[-1] + 1]
    return Run(
        place=(kept[0].place, kept[-1].place + kept[-1].length),
        elements=(kept[0].element, kept[-1].element + 1),
        words=len(plain),
        readings=tuple(
            Reading(site=step.fork[0], side=step.fork[1], place=step.place) for step in kept if step.fork is not None
        ),
    )


def _passages(runs: Sequence[Run]) -> list[Passage]:
    """Join runs, in the order of the text, each to the nearest that it follows in text and document."""
    chains = list[list[Run]]()
    for run in runs:
        before = [chain for chain in chains if _follows(chain[-1], run)]
        if before:
            max(before, key=lambda chain: _order(chain[-1])).append(run)
        else:
            chains.append([run])
    return [Passage(runs=tuple(chain)) for chain in chains]


def _follows(one: Run, other: Run) -> bool:
    gaps = other.place[0] - one.place[1], other.elements[0] - one.elements[1]
    return all(0 <= gap <= LEAP for gap in gaps)

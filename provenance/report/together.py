"""What do an order and a watermark finding about one suspect come to together?

A run's shuffle and an owner's key were drawn independently. Under "the suspect is independent of both" the product of
the two e-values, each taken where its own audit stopped, has an expectation of at most 1. That holds for one of each
and no more: picking the best of several would be a choice made after looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from provenance.report import numbers, tables
from provenance.stats import products

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.evidence import Evidence
    from provenance.report.family import Family

KINDS = ("order", "watermark")
CLAIM = "The suspect is not independent of both the recorded order and the key: of one at least, and not said of which."


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The product for one suspect, or why there is none."""

    suspect: str
    product: products.Product | None
    why_not: str = ""

    def sentence(self) -> Markup:
        """Say it on the page."""
        if self.product is None:
            return Markup("{}: order and watermark are not multiplied, because {}.").format(self.suspect, self.why_not)
        return Markup(
            "{}: order and watermark together have an e-value of {}, hence p = {}. {} The two sources of chance are "
            "independent, so their bets multiply; no verdict rests on it."
        ).format(self.suspect, numbers.size(self.product.log10), numbers.probability(self.product.log10_pvalue), CLAIM)


def join(family: Family) -> tuple[Joined, ...]:
    """Multiply the e-values of every suspect that has evidence of both kinds."""
    by_weights: dict[str, list[Evidence]] = {}
    for finding in family.findings:
        weights = finding.evidence.suspect.get("weights")
        if isinstance(weights, str) and finding.evidence.audit in KINDS:
            by_weights.setdefault(weights, []).append(finding.evidence)
    both = (found for found in by_weights.values() if {one.audit for one in found} == set(KINDS))
    return tuple(_joined(found) for found in both)


def _joined(found: Sequence[Evidence]) -> Joined:
    name = tables.suspect(found[0])
    why_not = next(_hindrances(found), "")
    if why_not:
        return Joined(suspect=name, product=None, why_not=why_not)
    values = [one.evalue.log10 for one in found if one.evalue is not None]
    return Joined(suspect=name, product=products.product(values))


def _hindrances(found: Sequence[Evidence]) -> Iterator[str]:
    if len(found) > len(KINDS):
        yield f"there are {len(found)} pieces of evidence, and choosing among them would be a choice made after looking"
    for one in found:
        if (asked := _asked(one)) > 1:
            yield f"the {one.audit} audit asked {asked} questions about this suspect, of which this is one"
        if one.evalue is None:
            yield f"the {one.audit} audit made no bet"
        for gate in one.gates:
            if not gate.passed:
                yield f"the {one.audit} audit failed its check {gate.name}"


def _asked(evidence: Evidence) -> int:
    """Count the claims about this suspect in the run, such as one for each recipient's copy."""
    name = str(evidence.suspect.get("suspect"))
    return sum(claim == name or claim.startswith(f"{name}, ") for claim in evidence.family or ())

"""Does a report that another version laid out say of its evidence, in numbers, what the evidence says?

A page is laid out to the letter by the version that made it alone. Its JSON keeps its schema, so that what it says of
every finding can be compared whichever version wrote it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from provenance import storage
from provenance.bundles import comparing
from provenance.checks import Check, Failed, Held, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from provenance.bundles.manifests import Bundle
    from provenance.report import Report

WHAT, FILE = "report", "report.json"
WHOLE = ("alpha", "family", "verdicts")
EACH = ("file", "sha256", "audit", "verdict", "alpha", "log10_pvalue", "adjusted_log10_pvalue", "adjusted_verdict")
"""What is said of all findings, and of each, in every version."""
SHOWN = 5


def check(bundle: Bundle, again: Report) -> Iterator[Check]:
    """Compare the numbers of a bundle's report with those of one laid out now, and say that the page is not compared.

    Raises
    ------
    ArtifactError
        If the report's JSON is damaged, or of another schema.
    """
    told = storage.read_json(bundle.folder / FILE, schema=again.document["schema"])
    differences = comparing.differ("", _numbers(told), _numbers(again.document))
    faults = [Failed(what=WHAT, detail=f"{FILE}: {one}") for one in itertools.islice(differences, SHOWN)]
    yield from faults
    if not faults:
        yield Held(what=WHAT, detail=f"{FILE} says in numbers what this evidence says")
    evidences = " ".join(str(bundle.folder / claim.evidence) for claim in bundle.manifest.claims)
    made = f"the page was made by {bundle.manifest.tool}, and not compared"
    yield Skipped(what=WHAT, detail=f"{made}: go by no page but provtool report {evidences}")


def _numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    each = [{name: entry.get(name) for name in EACH} for entry in document["evidence"]]
    return {**{name: document[name] for name in WHOLE}, "evidence": each}

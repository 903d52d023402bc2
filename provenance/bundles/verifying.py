"""Does everything in a bundle agree, and do its numbers come out again?

No model is asked: the audit's own functions compute every number from the saved scores once more, with the seed that
the evidence names. Evidence that was altered, be it together with its digest, is found by that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from provenance import artifacts, evidence, report, vouching
from provenance.bundles import agreeing, answers, comparing, manifests, opening, packing, reported, signing
from provenance.checks import Check, Failed, Held, Skipped, Verification
from provenance.errors import ProvenanceError
from provenance.evidence import Evidence

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cryptography.x509 import Certificate
    from securesystemslib.signer import Key

    from provenance.bundles.manifests import Bundle, Claim
    from provenance.bundles.packing import StandIn

    Again = Callable[[Bundle, Claim, Evidence], Evidence]
    More = Callable[[Bundle], Iterator[Check]]

BENT = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, TypeError, ValueError, pa.ArrowException)
"""What settings and tables that somebody bent end in: a bundle comes from others, and is never a caller's mistake."""
PAGES: dict[str, report.Form] = {"report.html": "html", "report.json": "json"}
"""What people and machines read of a bundle first."""
SHOWN = 5
"""Differing numbers that are named; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """How the numbers of one kind of audit are computed again."""

    again: Again
    more: More = lambda _bundle: iter(())
    """What else can be checked, such as a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a verifier holds beside the bundle."""

    trusted: Sequence[Certificate] | None = None
    """Roots that may vouch for time stamps; those that HTTPS trusts when None."""
    signer: Key | None = None
    """Public key of who is said to have signed."""
    private: Sequence[Path] = ()
    """Files for which something stands in a redacted bundle, given by their owner."""
    stand_ins: Mapping[str, StandIn] = field(default_factory=dict)
    """How such files are redacted, by the kind of their table."""


def verify(
    path: str | os.PathLike[str],
    *,
    courts: Mapping[str, Court],
    means: Means | None = None,
) -> Verification:
    """Check a bundle: digests, commitments, signature, and every number.

    Parameters
    ----------
    courts
        For each audit, how its numbers are computed again.
    means
        What the verifier holds beside the bundle.

    Raises
    ------
    ArtifactError
        If the manifest itself is damaged.
    """
    held, bundle = means or Means(), manifests.read(path)
    given, unknown = opening.sort(bundle, held.private)
    opened = replace(bundle, opened=given)
    checks = (
        *unknown,
        *_checks(opened, courts, held.trusted),
        *opening.check(opened, held.stand_ins, trusted=held.trusted),
        *signing.check(bundle, signer=held.signer),
    )
    return Verification(path=bundle.folder, checks=checks)


def _checks(bundle: Bundle, courts: Mapping[str, Court], trusted: Sequence[Certificate] | None) -> Iterator[Check]:
    yield from _files(bundle)
    court = courts.get(bundle.manifest.audit)
    found = list[Evidence]()
    for claim in bundle.manifest.claims:
        match _read(bundle, claim):
            case Failed() as failed:
                yield failed
            case claimed:
                found.append(claimed)
                yield from agreeing.commitments_of(bundle, claim, claimed)
                yield from _computed(bundle, claim, claimed, court)
    standing = opening.stand_ins(bundle)
    for place in answers.committed(bundle):
        name = place.relative_to(bundle.folder).as_posix()
        yield from vouching.check(place, trusted=trusted, sha256=standing.get(name))
    yield from _more(bundle, court)
    yield from agreeing.check(bundle, found)
    yield from _report(bundle, found)
    yield from _beyond(found)


def _files(bundle: Bundle) -> Iterator[Check]:
    """Compare every file with its digest, and name what is missing, extra or altered."""
    what, claimed, there = "files", bundle.manifest.files, manifests.digests(bundle.folder)
    faults = [f"{name}: missing" for name in claimed if name not in there]
    faults += [f"{name}: not in the manifest" for name in there if name not in claimed]
    faults += [f"{name}: altered" for name, digest in there.items() if claimed.get(name, digest) != digest]
    yield from (Failed(what=what, detail=fault) for fault in faults)
    if not faults:
        yield Held(what=what, detail=f"{len(there)} with the digests that the manifest gives")


def _read(bundle: Bundle, claim: Claim) -> Evidence | Failed:
    try:
        return evidence.read(bundle.folder / claim.evidence)
    except ProvenanceError as error:
        return Failed(what=claim.evidence, detail=str(error))


def _computed(bundle: Bundle, claim: Claim, claimed: Evidence, court: Court | None) -> Iterator[Check]:
    """Compute every number again and compare."""
    what = f"numbers of {claim.evidence}"
    if court is None or claimed.audit != bundle.manifest.audit:
        yield Failed(what=what, detail=f"audit {claimed.audit!r} in a bundle of {bundle.manifest.audit!r}")
        return
    try:
        count, differences = comparing.compare(claimed, court.again(bundle, claim, claimed))
    except (ProvenanceError, *BENT) as error:
        yield Failed(what=what, detail=f"cannot be computed again: {error}")
        return
    unsaid, faults = comparing.unsaid(differences) if bundle.manifest.tool != artifacts.TOOL else ([], differences)
    for one in unsaid:
        yield Skipped(what=what, detail=f"{bundle.manifest.tool} did not say it yet: {one}")
    yield from (Failed(what=what, detail=str(one)) for one in faults[:SHOWN])
    if faults[SHOWN:]:
        yield Failed(what=what, detail=f"{len(faults) - SHOWN:,} more differ")
    if not faults:
        yield Held(what=what, detail=f"{count:,} numbers and statements come out again from the scores")


def _more(bundle: Bundle, court: Court | None) -> Iterator[Check]:
    """Check what else this kind of audit has to show."""
    try:
        yield from court.more(bundle) if court else ()
    except (ProvenanceError, *BENT) as error:
        yield Failed(what=bundle.manifest.audit, detail=f"cannot be looked at: {error}")


def _report(bundle: Bundle, found: Sequence[Evidence]) -> Iterator[Check]:
    """Lay the evidence out again: page and JSON must be those that lie here; of another version's, the numbers."""
    what = reported.WHAT
    if len(found) < len(bundle.manifest.claims):
        yield Skipped(what=what, detail="evidence that cannot be read cannot be laid out")
        return
    try:
        names = [claim.evidence for claim in bundle.manifest.claims]
        again = packing.render(bundle.folder, found, names)
        if bundle.manifest.tool != artifacts.TOOL:
            yield from reported.check(bundle, again)
            return
        other = [name for name, form in PAGES.items() if _content(bundle.folder / name) != report.text(again, form)]
    except (ProvenanceError, *BENT) as error:
        yield Failed(what=what, detail=f"cannot be laid out again: {error}")
        return
    yield from (Failed(what=what, detail=f"{name} is not what this evidence gives") for name in other)
    if not other:
        yield Held(what=what, detail="page and JSON are those that this evidence gives")


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _beyond(found: Sequence[Evidence]) -> Iterator[Check]:
    """Say what no check of a bundle can show."""
    detail = f"versions and machine in {manifests.FILE} are the word of whoever made the bundle"
    yield Skipped(what="environment", detail=detail)
    for name in dict.fromkeys(str(one.suspect.get("suspect")) for one in found if "scores" in one.inputs):
        detail = "whether it would give these answers: only asking it again tells (provtool score)"
        yield Skipped(what=f"answers of {name}", detail=detail)
    for name in dict.fromkeys(str(one.suspect.get("suspect")) for one in found if "label" in one.suspect):
        yield Skipped(what=f"label of {name}", detail="what is known of it is the word of whoever made the bundle")
    if any(one.stopped for one in found):
        detail = (
            "whether the suspect was asked as it went, or from saved answers, is the word of whoever made the bundle"
        )
        yield Skipped(what="early stop", detail=detail)

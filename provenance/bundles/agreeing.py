"""Do manifest, evidence and commitments of a bundle speak of the same run, and of nothing else?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance import artifacts
from provenance.bundles import answers, comparing, environment, manifests, opening
from provenance.checks import Check, Failed, Held
from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from provenance.bundles.manifests import Bundle, Claim
    from provenance.evidence import Commitment, Evidence

MANIFEST = manifests.FILE


def check(bundle: Bundle, found: Sequence[Evidence]) -> Iterator[Check]:
    """Compare what manifest and evidence both tell; the other settings stand or fall with the numbers."""
    claims = bundle.manifest.claims
    if len(found) == len(claims):
        yield from _settings(bundle, found)
        yield from _family(bundle, found)
        yield from _sources(bundle, found)
        yield from _environment(bundle, found)
    yield from _redacted(bundle)


def commitments_of(bundle: Bundle, claim: Claim, claimed: Evidence) -> Iterator[Check]:
    """Check that evidence names commitments to what was audited, as they lie here, each with what opens it."""
    what = f"commitments of {claim.evidence}"
    try:
        here = dict(answers.kept(bundle, claimed))
    except ProvenanceError as error:
        yield Failed(what=what, detail=str(error))
        return
    faults = [fault for one in claimed.commitments if (fault := _fault(one, here))]
    yield from (Failed(what=what, detail=fault) for fault in faults)
    if claimed.commitments and not faults:
        yield Held(what=what, detail=f"{len(claimed.commitments)} named, as they were published")


def _fault(one: Commitment, here: Mapping[str, tuple[Commitment, bool]]) -> str | None:
    if one.root not in here:
        return f"{one.artifact}: no such commitment lies beside what was audited"
    same, opens = here[one.root]
    if (one.artifact, one.time) != (same.artifact, same.time) or one.witness not in {None, same.witness}:
        return f"{one.artifact}: evidence says {one.time}, {one.witness}; {same.time}, {same.witness} here"
    # Without it a commitment to any file of old would do, and a bundle is always left with it.
    return None if opens else f"{one.artifact}: its opening does not lie here, and what it is to is not known"


def _settings(bundle: Bundle, found: Sequence[Evidence]) -> Iterator[Check]:
    told = {"tool": bundle.manifest.tool, **bundle.manifest.settings}
    for claim, one in zip(bundle.manifest.claims, found, strict=True):
        known = {"tool": one.tool, "alpha": one.alpha, "seed": one.seed, "stop_early": one.stopped is not None}
        for name, value in known.items():
            if told.get(name, value) != value:
                detail = f"{name}: {told[name]} in {MANIFEST}, {value} in {claim.evidence}"
                yield Failed(what="settings", detail=detail)


def _family(bundle: Bundle, found: Sequence[Evidence]) -> Iterator[Check]:
    """Compare the claims that evidence says were asked together with those that lie here."""
    claims = bundle.manifest.claims
    for claim, one in zip(claims, found, strict=True):
        count = len(one.family or (one.suspect,))
        if count != len(claims):
            noun = "claim" if count == 1 else "claims"
            yield Failed(what="family", detail=f"{claim.evidence} names {count} {noun}, and {len(claims)} lie here")
    if len({one.family for one in found}) > 1:
        yield Failed(what="family", detail="evidence names other claims than the rest of its run does")


def _sources(bundle: Bundle, found: Sequence[Evidence]) -> Iterator[Check]:
    named = {sha256 for one in found for sha256 in one.inputs.values()}
    named |= {str(one.plan["sha256"]) for one in found if one.plan}
    for sha256, name in bundle.manifest.sources.items():
        if sha256 not in named:
            yield Failed(what="sources", detail=f"{name}: no evidence names {sha256[:12]}")


def _environment(bundle: Bundle, found: Sequence[Evidence]) -> Iterator[Check]:
    """Compare seeds and models with those of the evidence; the rest of the environment is nobody else's word."""
    for name, value in environment.told(found).items():
        if any(comparing.differ("", bundle.manifest.environment.get(name), value)):
            yield Failed(what="environment", detail=f"{name}: in {MANIFEST} others than evidence names")


def _redacted(bundle: Bundle) -> Iterator[Check]:
    """Look whether a bundle that says to be redacted is, so that its owner sees what would be shown."""
    standing = opening.stand_ins(bundle)
    if standing and not bundle.manifest.redacted:
        yield Failed(what="redacted", detail=f"{MANIFEST} does not say that {min(standing)} stands for something else")
    if not bundle.manifest.redacted:
        return
    shown = [name for name in bundle.manifest.sources.values() if name not in standing]
    for name in shown:
        if artifacts.kind_of(bundle.folder / name) is not None or (bundle.folder / name).suffix != ".json":
            yield Failed(what="redacted", detail=f"{name}: the file itself, and nothing that stands for it")

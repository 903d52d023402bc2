"""How is an audit of a marked release computed again from its bundle?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from provenance import artifacts, scoring
from provenance.bundles import answers, texts
from provenance.checks import Check, Failed, Held, Skipped
from provenance.errors import ProvenanceError
from watermark import claims, copies, dealing, detection, ledger, likelihoods, recipients, redacted, trace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provenance.audits.stopping import Ask, Early
    from provenance.bundles.manifests import Bundle, Claim
    from provenance.evidence import Evidence
    from watermark.keys import Key
    from watermark.ledger import Ledger


def again(bundle: Bundle, claim: Claim, claimed: Evidence) -> Evidence:
    """Audit the release once more, with what the bundle holds and by its settings."""
    told = bundle.manifest.settings
    scores, references = answers.of(bundle, claimed)
    books = copies.apart(tuple(_read(bundle.place(sha256)) for sha256 in scores.inputs.values()))
    for one in (scores, *references):
        scoring.check_inputs(one, detection.ledger_inputs(books))
    own = _own(books, claim)
    chosen: dict[str, Any] = {"most": told.get("queries"), "edited": frozenset(map(tuple, told.get("edited", ())))}
    # Evidence of the first days took no length out beside references, whatever their tokens.
    chosen["lengths"] = likelihoods.LENGTH in claimed.pvalue_method
    early: Early | None = None

    def walk(ask: Ask) -> Early:
        return detection.ask_early(own, ask, alpha=told["level"], seed=claimed.seed, **chosen)

    if claimed.stopped is not None:
        scores, references, early = answers.walked(scores, references, claimed, walk=walk)
    found = detection.audit(
        own,
        scores,
        references=references,
        alpha=claimed.alpha,
        resamples=told["resamples"],
        seed=claimed.seed,
        commitments=answers.own(bundle, claimed),
        early=early,
        **chosen,
    )
    return answers.settled(recipients.screened(found, own, books, scores=scores), bundle, claimed)


def traced(bundle: Bundle, _claim: Claim, claimed: Evidence) -> Evidence:
    """Look for the release in the texts once more."""
    told = bundle.manifest.settings
    found = trace.audit(
        bundle.place(claimed.inputs["ledger"]),
        texts.opened(bundle, claimed, "texts"),
        name=str(claimed.suspect["suspect"]),
        alpha=claimed.alpha,
        resamples=told["resamples"],
        seed=claimed.seed,
        commitments=answers.own(bundle, claimed),
    )
    # Whether a key dealt the choices is told by `check`, which takes the key.
    kept = tuple(note for note in found.caveats if not (told["keyed"] and note == trace.UNCHECKED))
    return replace(found, caveats=kept)


def _read(place: Path) -> Ledger:
    return redacted.read(place) if artifacts.kind_of(place) == redacted.REDACTED.name else ledger.read(place)


def check(bundle: Bundle, *, key: Key | None) -> Iterator[Check]:
    """Deal every choice of the ledgers again, and say what rests on the audit's word."""
    for place in map(bundle.place, bundle.manifest.sources):
        if artifacts.kind_of(place) in {ledger.LEDGER.name, redacted.REDACTED.name}:
            yield from _dealt(place, key)
    if edited := bundle.manifest.settings.get("edited"):
        detail = f"that it was these {len(edited)} and no others is the audit's word"
        yield Skipped(what="edited documents", detail=detail)


def _dealt(place: Path, key: Key | None) -> Iterator[Check]:
    what = f"deals of {place.name}"
    if key is None:
        yield Skipped(what=what, detail="no key is at hand; its owner has it: --key, or PROVTOOL_KEY")
        return
    try:
        book = _read(place)
        dealing.check_dealer(book.settings, key, path=place)
    except ProvenanceError as error:
        yield Failed(what=what, detail=str(error))
        return
    if artifacts.kind_of(place) == ledger.LEDGER.name:
        yield from claims.check_deals(book, key)
    else:
        yield Held(what=f"key of {place.name}", detail=f"key {book.key_id} is the one that it names")
        yield Skipped(what=what, detail="no choice can be dealt again without the ledger itself: --private")


def about(recipient: str | None) -> str:
    """Name the claim about one recipient's copies among those of a run."""
    return f"copy of {recipient or 'nobody'}"


def _own(books: tuple[Ledger, ...], claim: Claim) -> tuple[Ledger, ...]:
    groups = {about(recipient): own for recipient, own in copies.by_recipient(books).items()}
    return groups[claim.about] if claim.about else books

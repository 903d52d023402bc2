"""What did suspect and references say, as a bundle has it, and what else was the run told?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from provenance import artifacts, commitments, plans, scoring, settling
from provenance.bundles.redacted import scores
from provenance.errors import MismatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from provenance.audits.stopping import Ask, Early
    from provenance.bundles.manifests import Bundle
    from provenance.evidence import Commitment, Evidence
    from provenance.records import Record
    from provenance.scoring import Scores

REFERENCE = re.compile(r"reference-(\d+)")
ANSWERS = re.compile(r"scores|reference-\d+|run|rerun-\d+|model|reruns")
"""Parts that what was answered plays, rather than what was audited."""


def of(bundle: Bundle, claimed: Evidence) -> tuple[Scores, list[Scores]]:
    """Read the scores that evidence names: the suspect's, and those of its references in their order."""
    numbers = sorted(int(match[1]) for match in map(REFERENCE.fullmatch, claimed.inputs) if match)
    names = ["scores", *(f"reference-{number}" for number in numbers)]
    suspect, *others = (_read(bundle.place(_digest(claimed, name))) for name in names)
    return suspect, others


def _read(place: Path) -> Scores:
    return scores.read(place) if artifacts.kind_of(place) == scores.REDACTED.name else scoring.read(place)


def walked(
    suspect: Scores, references: list[Scores], claimed: Evidence, *, walk: Callable[[Ask], Early]
) -> tuple[Scores, list[Scores], Early]:
    """Walk again through answers that were kept, as an audit that stopped early did when it asked."""
    pickers = [scoring.picker(one) for one in (suspect, *references)]

    def ask(records: Iterable[Record]) -> tuple[Scores, tuple[Scores, ...]]:
        block = tuple(records)
        own, *others = (pick(block) for pick in pickers)
        return own, tuple(others)

    early = walk(ask)
    replayed = bool((claimed.stopped or {}).get("replayed"))
    again = [replace(said, sha256=one.sha256) for said, one in zip(early.references, references, strict=True)]
    return replace(early.scores, sha256=suspect.sha256), again, replace(early, replayed=replayed)


def settled(found: Evidence, bundle: Bundle, claimed: Evidence) -> Evidence:
    """Let what was computed again say what it owes to the run, as the claim does."""
    plan = plans.read(bundle.place(_planned(claimed.plan))) if claimed.plan else None
    circumstances = settling.Circumstances(
        by_evalue=bool(bundle.manifest.settings.get("by_evalue")),
        family=claimed.family,
        label=claimed.suspect.get("label"),
        plan=plan,
        witnessed=tuple(one for one in claimed.commitments if one not in own(bundle, claimed)),
    )
    return settling.settle(found, circumstances)


def kept(bundle: Bundle, claimed: Evidence) -> Iterator[tuple[str, tuple[Commitment, bool]]]:
    """Give the commitments that evidence may name, by their roots, and whether each can be opened.

    They are those beside what was audited, and beside its plan: one to answers says nothing of an order or a key.
    """
    audited = [sha256 for role, sha256 in claimed.inputs.items() if not ANSWERS.fullmatch(role)]
    planned = [_planned(claimed.plan)] if claimed.plan else []
    sources = bundle.manifest.sources
    for place in (bundle.folder / sources[sha256] for sha256 in (*audited, *planned) if sha256 in sources):
        if commitments.is_committed(place):
            one = commitments.published(place)
            yield one.root, (one, commitments.has_opening(place))


def own(bundle: Bundle, claimed: Evidence) -> tuple[Commitment, ...]:
    """Give the commitments of a claim that are to what was audited, not to its plan."""
    if not claimed.plan:
        return claimed.commitments
    place = bundle.place(_planned(claimed.plan))
    roots = {commitments.published(place).root} if commitments.is_committed(place) else set()
    return tuple(one for one in claimed.commitments if one.root not in roots)


def committed(bundle: Bundle) -> Iterator[Path]:
    """Name what lies here with a commitment beside it."""
    places = (bundle.folder / name for name in dict.fromkeys(bundle.manifest.sources.values()))
    return (place for place in places if commitments.is_committed(place))


def _planned(plan: Mapping[str, object]) -> str:
    return str(plan["sha256"])


def _digest(claimed: Evidence, name: str) -> str:
    if name not in claimed.inputs:
        raise MismatchError(f"evidence names no {name}", expected="the digest of what it rests on")
    return claimed.inputs[name]

"""What does a run of audits leave in its bundle?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from cli import streams, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from provenance.bundles.packing import StandIn
    from provenance.evidence import Evidence

SETTLED = ("alpha", "resamples", "seed", "queries", "select", "stop_early", "by_evalue", "level")
"""Settings of a run, as far as it has them."""
WITH = {"select": "queries", "level": "stop_early"}
"""Settings that change nothing without another."""
REDACTABLE = ("order", "watermark")
"""Audits whose numbers can be computed without a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What an audit puts into the bundle of its run, beside evidence and scores."""

    sources: Mapping[str, Path] = field(default_factory=dict)
    """What was audited, by the digests that evidence names."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of this kind of audit."""


def check(how: Mapping[str, Any], paths: Iterable[Path | None]) -> None:
    """Refuse a bundle that could not be written, before anything is asked.

    Raises
    ------
    InputError
        If its folder exists.
    """
    from provenance import folders

    _check_usage(how)
    if how["bundle"] is None:
        return
    if any(str(path) == streams.STREAM for path in paths):
        raise click.UsageError("--bundle keeps what was audited, and a stream cannot be kept: give files")
    folders.check(how["bundle"], replaces=None)


def _check_usage(how: Mapping[str, Any]) -> None:
    name = click.get_current_context().command.name
    if how["redact"] and how["bundle"] is None:
        raise click.UsageError("--redact is for a bundle: give --bundle too")
    if how["redact"] and name not in REDACTABLE:
        what = f"--redact knows {' and '.join(REDACTABLE)} audits; {name} compares the texts themselves"
        raise click.UsageError(what)


def stand_ins() -> dict[str, StandIn]:
    """Say how what is private is redacted, by the kind of its table."""
    from provenance.bundles.redacted import scores, transcripts
    from watermark import redacted

    return {
        "scores": lambda path, target, _: scores.write(path, target),
        "transcript": lambda path, target, about: transcripts.write(path, target, window=about.suspect["window"]),
        "ledger": lambda path, target, _: redacted.write(path, target),
    }


def leave(
    found: Sequence[tuple[Evidence, str]], parcel: Parcel, *, answers: Iterable[Path], how: Mapping[str, Any]
) -> None:
    """Write the bundle of a run, if one is wanted, and say how it is verified."""
    from provenance import bundles, storage

    if how["bundle"] is None:
        return
    plan, unused = how.get("plan"), {name for name, needs in WITH.items() if not how.get(needs)}
    settled = {name: how[name] for name in SETTLED if how.get(name) is not None and name not in unused}
    contents = bundles.Contents(
        sources={**parcel.sources, **{storage.digest(path): path for path in answers}},
        settings={**settled, **parcel.settings},
        plan=(plan.path, plan.plan) if plan else None,
        stand_ins=stand_ins() if how["redact"] else None,
    )
    bundles.leave(how["bundle"], [bundles.Finding(evidence=one, about=about) for one, about in found], contents)
    terminal.say(f"bundle: {how['bundle']}; next: provtool verify {how['bundle']}")

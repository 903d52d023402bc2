"""Where is a finding written, and how is it said?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cli import streams, summary, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from provenance.evidence import Commitment, Evidence


def commitments(paths: Sequence[Path], how: dict[str, Any]) -> tuple[Commitment, ...]:
    """Find and check the commitments beside files."""
    from provenance import commitments, trust

    trusted = trust.load_roots(how["roots_path"]) if how["roots_path"] else None
    return commitments.find(paths, trusted=trusted)


def numbered(path: Path, count: int) -> list[Path]:
    """Give each of several findings a file of its own."""
    if count == 1 or str(path) == streams.STREAM:
        return [path] * count
    return [path.with_name(f"{path.stem}-{index}{path.suffix}") for index in range(1, count + 1)]


def conclude(found: Evidence, path: Path, *, how: dict[str, Any], several: bool) -> str:
    """Write one finding where it is wanted, and say it; several on standard output are one a line."""
    from provenance import evidence as evidences
    from provenance import storage

    streamed = str(path) == streams.STREAM
    if not streamed:
        evidences.write(path, found)
    if how["as_json"] or streamed:
        click.echo(storage.dump_json(evidences.to_json(found), indent=None if several else 2))
    summary.show(found, path)
    return found.verdict


def finish(verdicts: Iterable[str], paths: Sequence[Path], *, how: dict[str, Any]) -> None:
    """Say how to read what was found, and end with 3 on a verdict that was named for it."""
    _suggest(paths)
    if set(verdicts) & set(how["fail_on"]):
        sys.exit(3)


def _suggest(paths: Sequence[Path]) -> None:
    """Say how to read what was found; several findings are answers to one question and are weighed together."""
    if str(paths[0]) != streams.STREAM:
        page = paths[0].with_suffix(".report.html") if len(paths) == 1 else "report.html"
        terminal.say(f"next: provtool report {' '.join(map(str, paths))} --out {page}")

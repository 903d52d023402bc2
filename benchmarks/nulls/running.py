"""How are thousands of audits of many scenarios run, side by side, and none of them twice?"""

from __future__ import annotations

import concurrent.futures
import importlib
import multiprocessing
import os
import re
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cli.demo.run import ENVIRONMENT
from nulls import workshop
from nulls.scenarios import Ending, judge
from provenance import storage
from provenance.records import generator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nulls.scenarios import Scenario

AUDITS = ("order", "watermark", "trace", "membership", "overlap", "reshuffle")
WORKERS = 2
PART = 250
"""Audits of one scenario that a process does at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some redraws of one scenario."""

    folder: Path
    audit: str
    scenario: str
    first: int
    count: int
    seed: int

    @property
    def kept(self) -> Path:
        """Where its endings stand; remove the file to have them found anew."""
        name = re.sub("[^a-z0-9]+", "-", f"{self.audit} {self.scenario} {self.first} {self.count} {self.seed}")
        return self.folder / "endings" / f"{name}.json"


def scenarios(audit: str) -> tuple[Scenario, ...]:
    """Give the null scenarios of an audit."""
    found: tuple[Scenario, ...] = importlib.import_module(f"nulls.{audit}").SCENARIOS
    return found


def run_all(
    folder: Path, audits: Sequence[str], *, most: int | None, seed: int, beyond: bool = False
) -> Iterator[tuple[str, str, list[tuple[Ending, ...]]]]:
    """Give audit, scenario and the endings of all its redraws, scenario by scenario; progress goes to stderr."""
    (folder / "endings").mkdir(exist_ok=True)
    os.environ.update(ENVIRONMENT)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        waiting = [
            (audit, scenario.name, [pool.submit(run, part) for part in _parts(folder, audit, scenario, most, seed)])
            for audit in audits
            for scenario in scenarios(audit)
            if beyond or not scenario.beyond
        ]
        for audit, name, futures in waiting:
            done = [future.result() for future in futures]
            seconds, endings = (
                sum(part["seconds"] for part in done),
                [line for part in done for line in part["endings"]],
            )
            print(f"{audit}: {name}  {len(endings)} audits  {seconds:.0f} s", file=sys.stderr)
            yield audit, name, [tuple(Ending(**one) for one in line) for line in endings]


def run(part: Part) -> dict[str, Any]:
    """Redraw and audit; what an earlier run has found stays as it is."""
    if not part.kept.exists():
        began = time.process_time()
        scenario = next(one for one in scenarios(part.audit) if one.name == part.scenario)
        endings = [_ended(part, scenario, number) for number in range(part.first, part.first + part.count)]
        storage.write_json(part.kept, {"endings": endings, "seconds": time.process_time() - began})
    found: dict[str, Any] = workshop.read(part.kept)
    return found


def _ended(part: Part, scenario: Scenario, number: int) -> list[dict[str, Any]]:
    rng = generator(part.seed, part.audit, scenario.name, str(number))
    return [asdict(ending) for ending in judge(scenario.draw(part.folder, rng), stops=scenario.stops)]


def _parts(folder: Path, audit: str, scenario: Scenario, most: int | None, seed: int) -> Iterator[Part]:
    total = scenario.audits if most is None else min(most, scenario.audits)
    for first in range(0, total, PART):
        yield Part(
            folder=folder,
            audit=audit,
            scenario=scenario.name,
            first=first,
            count=min(PART, total - first),
            seed=seed,
        )

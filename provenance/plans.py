"""What was fixed before the suspect was asked?

A plan is a small JSON file without a date: commit to it (``provtool commit``) and the date is vouched for. Whether an
audit kept to it is told by `provenance.adherence`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from provenance import artifacts, reading, storage
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.records import Window

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence


SCHEMA = "provtool/plan/1"
SHA256 = re.compile(r"[0-9a-f]{64}")
UNNAMED = "claim "
"""How the name of a claim begins whose suspect was not known when the plan was made."""
FEWEST = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """How large a trace the plan reckons with."""

    name: str
    value: float
    low: float | None = None
    """Lower end of the pilot's interval, 95 % one-sided; None where the effect was stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """The audit of a few rows from which the effect was read."""

    sha256: str
    """Digest of its evidence."""
    inputs: Mapping[str, str]
    n: int
    seed: int
    same_input: bool
    """Whether its rows are among those that will be tested; then a bet decides, which may go on from the pilot's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that could otherwise be chosen after the fact."""

    audit: Literal["order", "watermark"]
    inputs: Mapping[str, str]
    """Digest of the transcript or of the ledgers; empty where the plan was made without."""
    family: tuple[str, ...]
    """One name a claim: the suspect's, as it is given to ``--suspect``."""
    alpha: float
    """Level of the whole family."""
    power: float
    """Chance of finding a trace of the assumed size, for the claim that Holm's rule looks at first."""
    effect: Assumed
    needed: int
    """Rows or documents that this power takes."""
    units: int
    """Rows or documents that will be asked: all that are needed, or all there are."""
    reached: float
    """Chance of finding the trace with them."""
    queries: int
    """Texts that every model is asked."""
    tokens: int
    """Tokens that every model reads, about."""
    statistic: str
    references: tuple[Mapping[str, Any], ...]
    select: str
    """Which units are asked."""
    decided_by: Literal["permutation", "evalue"]
    stop_early: bool
    resamples: int
    seed: int
    window: str | None = None
    """Tokens that are scored; None for all."""
    alternates: int | None = None
    """Alternates asked of each document."""
    needed_if_low: int | None = None
    """Rows or documents that it would take at the lower end of the pilot's interval."""
    pilot: Pilot | None = None
    tool: str = artifacts.TOOL
    schema: str = field(default=SCHEMA, kw_only=True)

    @property
    def sha256(self) -> str:
        """Digest of the file that `write` makes of it."""
        return hashlib.sha256(spell(self).encode()).hexdigest()


def write(path: str | os.PathLike[str], plan: Plan) -> None:
    """Write a plan: the same bytes for the same plan."""
    storage.write_json(path, _to_json(plan))


def spell(plan: Plan) -> str:
    """Give the text of the file that `write` makes."""
    return storage.dump_json(_to_json(plan)) + "\n"


def read(path: str | os.PathLike[str]) -> Plan:
    """Read a plan and check every field.

    Raises
    ------
    ArtifactError
        If a field is missing, unknown, of another type or of an impossible value.
    """
    plan = reading.record(Plan, storage.read_json(path, schema=SCHEMA), path=path)
    for fault in _faults(plan):
        raise ArtifactError(fault, path=path, hint="provtool plan again: this file may have been edited")
    return plan


def check(plan: Plan, *, audit: str, inputs: Mapping[str, str], path: str | os.PathLike[str] | None = None) -> None:
    """Refuse a plan that was made for another audit, or for another transcript or ledger.

    Raises
    ------
    MismatchError
        With what the plan was made for.
    """
    if plan.audit != audit:
        raise MismatchError(f"plan of an audit of {plan.audit}", path=path, expected=f"a plan of an audit of {audit}")
    here = {name: sha256 for name, sha256 in inputs.items() if is_source(name)}
    if plan.inputs and dict(plan.inputs) != here:
        wrong = next(iter(sorted(plan.inputs.keys() ^ here.keys())), None) or next(
            name for name in here if here[name] != plan.inputs[name]
        )
        raise MismatchError(
            f"plan for another {wrong.partition('-')[0]}",
            path=path,
            expected=f"{wrong} {plan.inputs.get(wrong, 'none')[:12]}, found {here.get(wrong, 'none')[:12]}",
            hint="the plan that was made for it",
        )


def claims(names: Sequence[str]) -> tuple[str, ...]:
    """Name the claims of a family: by suspects, or by their number alone.

    Examples
    --------
    >>> claims(["2"])
    ('claim 1 of 2', 'claim 2 of 2')

    Raises
    ------
    InputError
        If a name comes twice, or there is none.
    """
    if len(names) == 1 and names[0].isdecimal():
        count = int(names[0])
        if count < 1:
            raise InputError("a family of 0 claims", expected="at least one claim")
        return tuple(f"{UNNAMED}{index} of {count}" for index in range(1, count + 1))
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"claim {twice[0]!r} is named twice", expected="every suspect once")
    return tuple(names) or (f"{UNNAMED}1 of 1",)


def _to_json(plan: Plan) -> dict[str, Any]:
    value = dataclasses.asdict(plan, dict_factory=lambda pairs: {key: part for key, part in pairs if part is not None})
    return {"schema": value.pop("schema"), **value}


def is_source(name: str) -> bool:
    """Ask whether an input is what was planned for, and not scores of it."""
    return name.partition("-")[0] in {"transcript", "ledger"}


def _faults(plan: Plan) -> Iterator[str]:
    """Say which values cannot be."""
    shares, counts = (plan.alpha, plan.power), (plan.needed, plan.units, plan.queries)
    sound = all(0 < share < 1 for share in shares) and 0 <= plan.reached <= 1 and math.isfinite(plan.effect.value)
    if not sound:
        yield f"alpha {plan.alpha}, power {plan.power}, reached {plan.reached}, effect {plan.effect.value} cannot be"
    if min(counts) < 1 or min(plan.tokens, plan.seed) < 0 or plan.resamples < FEWEST:
        yield f"units {plan.units}, queries {plan.queries}, seed {plan.seed}, resamples {plan.resamples} cannot be"
    if not plan.family or len(set(plan.family)) < len(plan.family):
        yield "its family names no claim, or one twice"
    digests = [*plan.inputs.values(), *((plan.pilot.sha256,) if plan.pilot else ())]
    if bad := [digest for digest in digests if not SHA256.fullmatch(digest)]:
        yield f"{bad[0][:40]!r} is no digest"
    if plan.stop_early and plan.decided_by != "evalue":
        yield "it stops early and is not decided by the e-value"
    if not all("suspect" in reference for reference in plan.references):
        yield "a reference has no name"
    if plan.window is not None:
        Window.parse(plan.window)

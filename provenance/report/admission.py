"""Is this evidence sound enough to be laid before anyone?

Evidence files travel: they may have been made by another tool, edited, or cut. A page must not lend its looks to one
whose fields have the wrong type, or whose verdict its own numbers contradict.
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from provenance import evidence as contract
from provenance import storage
from provenance.errors import ArtifactError
from provenance.evidence import SMALLEST_FLOAT, Evidence, to_json, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.evidence import Verdict

RESAMPLES = re.compile(r"\b(?:resamples|shifts|reruns)=(\d{1,18})\b")
"""Where a method says how many values it drew."""
ROUNDING = 1e-6
"""How far a p-value and its logarithm may disagree."""
NAMES = {**vars(contract), "Mapping": Mapping}
"""What the annotations of the contract speak of."""


def admit(evidence: Evidence, *, name: str) -> None:
    """Raise `ArtifactError`, with `name` for the file, if the evidence is not sound."""
    for fault in _misfits(evidence, Evidence, "evidence"):
        raise ArtifactError(fault, path=name, hint="running the audit again")
    for fault in _faults(evidence):
        raise ArtifactError(fault, path=name, hint="running the audit again: this file may have been edited")


def log10_floor(evidence: Evidence) -> float:
    """Read the smallest p that a test could have given off its method; a bet has none."""
    stated = RESAMPLES.search(evidence.pvalue_method)
    if evidence.decided_by == "evalue" or stated is None:
        return -math.inf
    return -math.log10(int(stated[1]) + 1)


def _faults(evidence: Evidence) -> Iterator[str]:
    if not 0 < evidence.alpha < 1:
        yield f"alpha is {evidence.alpha}"
    if not 0 < evidence.pvalue <= 1 or evidence.log10_pvalue > 0:
        yield f"p-value {evidence.pvalue} (log10 {evidence.log10_pvalue}) is not above 0 and at most 1"
    if evidence.pvalue > SMALLEST_FLOAT and abs(math.log10(evidence.pvalue) - evidence.log10_pvalue) > ROUNDING:
        yield f"p-value {evidence.pvalue} and its logarithm {evidence.log10_pvalue} disagree"
    for plot in evidence.plots or ():
        if len({len(part) for part in (plot.x, plot.y, plot.low, plot.high) if part is not None}) != 1 or not plot.x:
            yield f"plot {plot.name!r} has no points, or columns of unequal length"
    try:
        storage.dump_json(to_json(evidence)).encode()
    except ValueError:
        yield "a number that is not finite, or text that is not Unicode"
    if 0 < evidence.alpha < 1 and evidence.verdict not in ("inconclusive", ruled := _ruled(evidence)):
        yield f"its verdict is {evidence.verdict!r}, but its p-value, gates and alpha give {ruled!r}"


def _ruled(evidence: Evidence) -> Verdict:
    return verdict(
        log10_pvalue=evidence.log10_pvalue,
        log10_floor=log10_floor(evidence),
        alpha=evidence.alpha,
        gates=evidence.gates,
    )


def _misfits(value: Any, hint: Any, path: str) -> Iterator[str]:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        yield from () if value is None else _misfits(value, inner[0], path)
    elif is_dataclass(hint):
        hints = typing.get_type_hints(hint, globalns=NAMES)
        for part in fields(hint):
            yield from _misfits(getattr(value, part.name), hints[part.name], f"{path}.{part.name}")
    elif origin is tuple and isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from _misfits(part, inner[0], f"{path}[{number}]")
    elif not _fits(value, origin or hint, inner):
        yield f"{path} is {str(value)[:40]!r}; expected {_NOUNS.get(origin or hint, f'one of {inner}')}"


def _fits(value: Any, kind: Any, inner: tuple[Any, ...]) -> bool:
    if kind is typing.Literal:
        return isinstance(value, str) and value in inner
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


_NOUNS = {float: "a finite number", int: "a whole number", str: "text", bool: "true or false"} | {
    Mapping: "an object",
    tuple: "a list",
}

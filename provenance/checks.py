"""What became of each thing that was checked? It held, it failed, or it was skipped for a reason that is said.

A result never shrinks because something was not at hand: what could not be checked stands in it with the reason.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "provtool/verification/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What was checked agrees."""

    what: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What was checked does not agree; one finding each."""

    what: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What could not be checked, and why."""

    what: str
    detail: str


Check = Held | Failed | Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was checked, one entry a finding."""

    path: Path
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing that was checked failed."""
        return not any(isinstance(check, Failed) for check in self.checks)


def to_json(found: Verification) -> dict[str, Any]:
    """Lay a result out for machines."""
    checks = [{"outcome": type(check).__name__.lower(), **asdict(check)} for check in found.checks]
    return {"schema": SCHEMA, "path": str(found.path), "holds": found.holds, "checks": checks}

"""How does a run of audits leave all behind that it takes to compute its numbers again?"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts, evidence, folders, report, storage
from provenance.bundles import environment, manifests
from provenance.bundles.manifests import Claim, Manifest
from provenance.errors import InputError
from provenance.reruns import manifests as reruns

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.evidence import Evidence
    from provenance.plans import Plan

    StandIn = Callable[[Path, Path, Evidence], None]
    """Writes what stands for one file into another, for this evidence."""

BESIDE = (".commitment.json", ".commitment.tsr", ".opening.json")
"""What lies beside a file that was committed to. An opening tells no more of it than the digest that evidence names."""
PACKED = frozenset({".gz", ".zst"})
RERUNS = "reruns"
"""Part that a folder of models plays, of which only what was written down of them is kept."""
CORPORA = frozenset({"members", "nonmembers", "texts"})
"""Parts that a corpus plays: a file or a folder, called as its owner calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding of the run, and which of its questions it answers."""

    evidence: Evidence
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into a bundle beside the evidence."""

    sources: Mapping[str, Path]
    """What was audited, and what was answered, by the digests that evidence names."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Those of the run that evidence does not tell."""
    plan: tuple[Path, Plan] | None = None
    stand_ins: Mapping[str, StandIn] | None = None
    """How what is private is redacted, by the kind of its table; None keeps all as it is."""


def leave(folder: str | os.PathLike[str], found: Sequence[Finding], contents: Contents) -> None:
    """Write a bundle: a new folder, whole or not at all.

    Raises
    ------
    InputError
        If the folder exists, or something that evidence names is not among the contents.
    """
    with folders.whole(folder) as work:
        names = _evidence(work, found)
        _report(work, [one.evidence for one in found], names)
        manifest = Manifest(
            audit=found[0].evidence.audit,
            claims=tuple(Claim(evidence=name, about=one.about) for name, one in zip(names, found, strict=True)),
            sources=dict(_sources(work, found, contents)),
            settings=dict(contents.settings),
            environment=environment.describe([one.evidence for one in found]),
            files=manifests.digests(work),
            redacted=contents.stand_ins is not None,
        )
        manifests.write(work, manifest)


def _evidence(work: Path, found: Sequence[Finding]) -> list[str]:
    numbers = [""] if len(found) == 1 else [f"-{number}" for number in range(1, len(found) + 1)]
    names = [f"evidence{number}.json" for number in numbers]
    for name, one in zip(names, found, strict=True):
        evidence.write(work / name, one.evidence)
    return names


def _report(work: Path, found: Sequence[Evidence], names: Sequence[str]) -> None:
    report.write(work / "report.html", render(work, found, names))


def render(folder: Path, found: Sequence[Evidence], names: Sequence[str]) -> report.Report:
    """Lay the evidence of a bundle out as its page: the same bytes whoever does it."""
    sources = [report.Source(name=name, sha256=storage.digest(folder / name)) for name in names]
    return report.render(found, alpha=found[0].alpha, sources=sources)


def _sources(work: Path, found: Sequence[Finding], contents: Contents) -> Iterator[tuple[str, str]]:
    """Copy what was audited and answered, or what stands for it, named after the part it plays."""
    parts = {sha256: (role, one.evidence) for one in found for role, sha256 in one.evidence.inputs.items()}
    for sha256, (role, about) in parts.items():
        if sha256 not in contents.sources:
            raise InputError(f"no {role} {sha256[:12]} to put in", path=work, expected="all that evidence names")
        path = contents.sources[sha256]
        if contents.stand_ins is None:
            yield sha256, _copied(path, work, role)
        else:
            yield sha256, _redacted(path, work, role, about, contents.stand_ins)
    if contents.plan is not None:
        place, plan = contents.plan
        yield plan.sha256, _copied(place, work, "plan")


def _redacted(path: Path, work: Path, role: str, about: Evidence, stand_ins: Mapping[str, StandIn]) -> str:
    """Write what stands for a file, and its commitment beside."""
    write = stand_ins.get(artifacts.kind_of(path) or "")
    if write is None:
        raise InputError("knows no redacted form", path=path, expected=f"one of {', '.join(stand_ins)}")
    name = _free(work, role, _ending(path))
    write(path, work / name, about)
    _copy_beside(path, work / name)
    return name


def _copied(path: Path, work: Path, role: str) -> str:
    """Copy one source; a corpus keeps its name, since names of files are part of its digest, and re-runs no weights."""
    if role == RERUNS:
        reruns.copy(reruns.outline(path), work / role)
        return role
    if role in CORPORA:
        name = f"{role}/{path.name}"
        (work / role).mkdir()
    else:
        name = _free(work, role, _ending(path))
    if path.is_dir():
        shutil.copytree(path, work / name)
    else:
        shutil.copyfile(path, work / name)
    _copy_beside(path, work / name)
    return name


def _copy_beside(path: Path, target: Path) -> None:
    for ending in BESIDE:
        if Path(f"{path}{ending}").exists():
            shutil.copyfile(f"{path}{ending}", f"{target}{ending}")


def _ending(path: Path) -> str:
    """Keep what tells a file's format: ``.parquet``, ``.jsonl.gz``."""
    return "".join(path.suffixes[-2:] if path.suffix in PACKED else path.suffixes[-1:])


def _free(work: Path, stem: str, ending: str) -> str:
    """Name a file after its part; a second one of that part gets a number."""
    names = (f"{stem}{f'-{number}' if number > 1 else ''}{ending}" for number in range(1, 1_000_000))
    return next(name for name in names if not (work / name).exists())

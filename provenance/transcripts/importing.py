"""How does somebody's table of examples and positions become a transcript?

The table is read twice: once for ids and positions, which say how long the run was, whether an id comes twice and which
rows a sample takes; once to write. Memory stays at eight bytes a row, and with ``join`` the joined texts. A transcript
of ours is such a table too: it keeps what its header says, and gains the text that ``join`` finds.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import artifacts, corpora, storage
from provenance.errors import InputError, closest
from provenance.transcripts import choosing, examples, sources, tables

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from provenance.records import Tokenizer

REPORT_EVERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the owner says of a run that we did not see."""

    tokenizer: Tokenizer | None = None
    run_length: int | None = None
    """How many positions the run had; None for one more than the largest in the table."""
    position_unit: str = "example"
    shuffle: str = "claimed"
    """One of `tables.SHUFFLES`; ``buffer:SIZE`` for a shuffle buffer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A choice of rows made by seed and id, or by seed and row number: what rows say has no part in it."""

    rows: int
    seed: int
    select: str = "uniform"
    """One of `choosing.SELECTIONS`; any but ``uniform`` needs a run whose rows go by numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was imported."""

    path: Path
    rows: int
    of: int
    """Rows in the table before sampling."""
    epochs: int
    """Most positions that one row has."""
    run_length: int
    shuffle: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    numbered: bool
    """Whether rows are named by their numbers, because the table has no ids."""
    names: NDArray[np.uint64]
    """A hash of each row's id."""
    kept: NDArray[np.bool_]
    run_length: int
    epochs: int


def import_table(
    source: sources.Source,
    *,
    out: Path,
    declared: Declared,
    sample: Sample | None = None,
    join: str | os.PathLike[str] | None = None,
    report: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Summary:
    """Write a transcript from a table of JSON lines or a Parquet file, or from a transcript that is to be completed.

    Parameters
    ----------
    declared
        Of a transcript's own header nothing is replaced; `declared` only names a tokenizer where it names none.
    join
        A corpus whose documents give text, by id, to rows that have none.
    report
        Told now and then of rows done and rows in all.

    Raises
    ------
    InputError
        If a row is no training example (see `examples`), ids repeat, all positions are equal, or the table is empty.
    """
    if sample is not None and sample.select != "uniform":
        raise InputError(f"a {sample.select} sample of a table", path=source.name, hint="--select uniform")
    declared, shuffle = _declared(source, declared)
    survey = _survey(source, declared.run_length, sample, report)
    inputs = {"source": storage.digest(source.path)}
    texts = dict[str, str]()
    if join is not None:
        corpus = corpora.open(join)
        texts, inputs["join"] = _texts(corpus, survey), corpora.digest(corpus)
    tables.write(
        out,
        _rows(source, survey, declared=declared, texts=texts, report=report),
        tokenizer=declared.tokenizer,
        run_length=survey.run_length,
        position_unit=declared.position_unit,
        shuffle=shuffle | sampled(sample),
        inputs=inputs,
    )
    return Summary(
        path=out,
        rows=int(survey.kept.sum()),
        of=len(survey.kept),
        epochs=survey.epochs,
        run_length=survey.run_length,
        shuffle=shuffle,
    )


def parse_shuffle(text: str) -> dict[str, Any]:
    """Read a shuffle as the owner states it.

    Examples
    --------
    >>> parse_shuffle("buffer:10000")
    {'kind': 'buffer', 'size': 10000}
    """
    kind, _, size = text.partition(":")
    if kind == "buffer" and size.isdecimal() and int(size) > 0:
        return {"kind": kind, "size": int(size)}
    if kind not in tables.SHUFFLES or kind == "buffer" or size:
        near = closest(kind, tables.SHUFFLES)
        raise InputError(
            f"shuffle {text!r}",
            expected="full, within-stratum, buffer:SIZE, none or claimed",
            hint=f"{near} (did you mean {near!r}?)" if near and not size else None,
        )
    return {"kind": kind}


def sampled(sample: Sample | None) -> dict[str, Any]:
    """Say in a shuffle record which rows were taken."""
    if sample is None:
        return {}
    said = asdict(sample)
    return {"sample": said if sample.select != "uniform" else {"rows": sample.rows, "seed": sample.seed}}


def taken(of: int, sample: Sample | None) -> NDArray[np.int64]:
    """Take the places of a run of `of` rows that a sample names, or all."""
    if sample is None:
        return np.arange(of, dtype=np.int64)
    return choosing.take(of, rows=sample.rows, seed=sample.seed, select=sample.select)


def _declared(source: sources.Source, declared: Declared) -> tuple[Declared, dict[str, Any]]:
    """Give what is known of the run: by its owner's word, or by the header of a transcript."""
    if source.format != "parquet" or artifacts.kind_of(source.path) != tables.TRANSCRIPT.name:
        return declared, parse_shuffle(declared.shuffle)
    header = tables.header(source.path)
    shuffle = header.pop("shuffle")
    header["tokenizer"] = header["tokenizer"] or declared.tokenizer
    return replace(declared, **header, shuffle=shuffle["kind"]), dict(shuffle)


def _survey(
    source: sources.Source,
    run_length: int | None,
    sample: Sample | None,
    report: Callable[[int, int | None], None],
) -> _Survey:
    names, keys, numbered, epochs, largest = array("Q"), array("Q"), False, 0, -1
    for index, (line, row) in enumerate(sources.rows(source)):
        place = f"{source.name}:{line}"
        numbered = row.get("id") is None if index == 0 else numbered
        id_ = examples.name(row, place=place, number=index + 1 if numbered else None)
        found = examples.positions(row, place=place)
        if run_length is not None and max(found) >= run_length:
            expected = f"0 to {run_length - 1}, as --run-length {run_length} says"
            raise InputError(f"position {max(found)}", path=place, expected=expected)
        largest, epochs = max(largest, *found), max(epochs, len(found))
        names.append(_hash(id_))
        keys.append(0 if sample is None else _hash(f"{sample.seed}\x00{id_}"))
        if index % REPORT_EVERY == 0:
            report(index, None)
    if not names:
        raise InputError("an empty file", path=source.name, expected="at least one training example")
    hashes = np.array(names, dtype=np.uint64)
    _refuse_repeats(source, hashes, numbered=numbered)
    kept = _smallest(np.array(keys, dtype=np.uint64), sample)
    return _Survey(numbered=numbered, names=hashes, kept=kept, run_length=run_length or largest + 1, epochs=epochs)


def _rows(
    source: sources.Source,
    survey: _Survey,
    *,
    declared: Declared,
    texts: dict[str, str],
    report: Callable[[int, int | None], None],
) -> Iterator[dict[str, Any]]:
    first, different = None, False
    named = declared.tokenizer is not None or source.samples  # whose losses can be used without a tokenizer
    for index, (line, row) in enumerate(sources.rows(source)):
        if not survey.kept[index]:
            continue
        place = f"{source.name}:{line}"
        id_ = examples.name(row, place=place, number=index + 1 if survey.numbered else None)
        where = examples.positions(row, place=place)
        first = where if first is None else first
        different = different or where != first
        content = examples.content(row, place=place, tokenizer=named, joined=texts.get(id_))
        labels = {name: examples.label(row, name, place=place) for name in ("stratum", "unit")}
        if declared.shuffle == "within-stratum" and labels["stratum"] is None:
            raise InputError("no stratum", path=place, expected="one, as --shuffle within-stratum says")
        yield {"id": id_, "positions": where, **content, **labels}
        if index % REPORT_EVERY == 0:
            report(index, len(survey.kept))
    if not different:
        what = "positions all equal: an order needs at least two different positions"
        raise InputError(what, path=source.name, hint="the table that says when each row was consumed")


def _smallest(keys: NDArray[np.uint64], sample: Sample | None) -> NDArray[np.bool_]:
    kept = np.ones(len(keys), dtype=np.bool_)
    if sample is not None and sample.rows < len(keys):
        kept[np.argsort(keys, kind="stable")[sample.rows :]] = False
    return kept


def _texts(corpus: corpora.Corpus, survey: _Survey) -> dict[str, str]:
    wanted = set(survey.names[survey.kept].tolist())
    documents = (entry.document for entry in corpora.read(corpus))
    return {document.id: document.text for document in documents if _hash(document.id) in wanted}


def _refuse_repeats(source: sources.Source, names: NDArray[np.uint64], *, numbered: bool) -> None:
    values, counts = np.unique(names, return_counts=True)
    suspicious = set(values[counts > 1].tolist())
    if numbered or not suspicious:
        return
    # Two ids may share a hash, so only a second look at the ids themselves tells.
    seen = dict[str, int]()
    for hashed, (line, row) in zip(names.tolist(), sources.rows(source), strict=True):
        if hashed in suspicious:
            id_ = examples.name(row, place=f"{source.name}:{line}", number=None)
            first = seen.setdefault(id_, line)
            if first != line:
                hint = "one row an id, with its `positions` in a list"
                raise InputError(f"id {id_!r} again, first in line {first}", path=source.name, line=line, hint=hint)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")

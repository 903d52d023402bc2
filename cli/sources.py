"""What lies in a file of records: a transcript, a ledger or a corpus, and how is each laid before a suspect?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from provenance import artifacts, corpora, spills, windows
from provenance.errors import InputError
from provenance.records import Record
from provenance.transcripts import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from provenance.records import Tokenizer, Window
    from watermark import ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Records ready to be scored or counted."""

    records: Sequence[Record]
    tokenizer: Tokenizer | None
    window: Window | None
    """Which tokens are scored unless the user says otherwise."""
    inputs: dict[str, str]

    def asked_of(self, names: Sequence[str]) -> Source:
        """Let rows be scored as is usual for all who are asked together."""
        return replace(self, window=windows.usual(names)) if self.window else self


def read(paths: Sequence[Path], *, text_field: str = "text", id_field: str | None = None) -> Source:
    """Read one transcript, one or more ledgers, or one or more corpora.

    Raises
    ------
    InputError
        If the files are of different kinds, or several are transcripts.
    """
    kinds = {artifacts.kind_of(path) if path.is_file() else None for path in paths}
    if kinds == {"transcript"} and len(paths) == 1:
        return of_transcript(tables.read(paths[0]))
    if kinds == {"ledger"}:
        from watermark import ledger  # what marks text knows grammar and takes seconds to import

        return of_ledgers([ledger.read(path) for path in paths])
    if not kinds - {None}:
        return _of_corpora(paths, text_field=text_field, id_field=id_field)
    named = " and ".join(sorted(kind or "corpus" for kind in kinds))
    raise InputError(
        f"{named} cannot be scored" + (" together" if len(paths) > 1 else ""),
        path=", ".join(map(str, paths)),
        expected="one transcript, ledgers, or corpora",
    )


def of_transcript(transcript: tables.Transcript) -> Source:
    """Lay a transcript's rows out, without their positions."""
    return Source(
        records=tables.records(transcript),
        tokenizer=transcript.tokenizer,
        window=windows.usual(),
        inputs={"transcript": transcript.sha256},
    )


def of_ledgers(books: Sequence[ledger.Ledger], *, records: Iterable[Record] | None = None) -> Source:
    """Lay every variant of every document out, or those `records` of them, without saying which was published.

    Raises
    ------
    MismatchError
        If two ledgers are of one copy, or were marked by different mappings: members and held-out documents would
        then differ by more than what a suspect has seen.
    """
    from watermark import copies, detection, ledger, mappings

    books = copies.apart(books)
    mappings.check_same(books)
    return Source(
        records=tuple((record for book in books for record in ledger.records(book)) if records is None else records),
        tokenizer=None,
        window=None,
        inputs=detection.ledger_inputs(books),
    )


def _of_corpora(paths: Sequence[Path], *, text_field: str, id_field: str | None) -> Source:
    inputs = dict[str, str]()

    def passing() -> Iterator[Record]:
        for index, path in enumerate(paths, start=1):
            corpus = corpora.open(path, text_field=text_field, id_field=id_field)
            name = path.name if len(paths) > 1 else None
            for entry in corpora.read(corpus):
                yield Record(id=entry.document.id, text=entry.document.text, set=name)
            inputs["corpus" if len(paths) == 1 else f"corpus-{index}"] = corpora.digest(corpus)

    return Source(records=spills.held(passing()), tokenizer=None, window=None, inputs=inputs)

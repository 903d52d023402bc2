"""How is a corpus read document by document, and written again with edits in its documents?"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from provenance import storage
from provenance.corpora import arrow_folder, compression, delimited, ids, jsonl, parquet, plain
from provenance.corpora.splice import Edit, Passage, splice
from provenance.errors import InputError
from provenance.records import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from provenance.corpora.files import Corpus, File


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One document of a corpus, and where it stands."""

    document: Document
    place: str
    """For messages: ``file:line``, or the file and the row."""
    opaque: tuple[tuple[int, int], ...]
    """Spans of the text, in code points, that its file spells as escapes: no edit may touch them."""
    opted_out: bool = False
    """Whether its record asks to be left alone."""


def read(corpus: Corpus) -> Iterator[Entry]:
    """Give the documents of a corpus one by one, in bounded memory but for eight bytes an id.

    Raises
    ------
    InputError
        If a file is damaged or not what its name says, a record lacks its text, an id comes twice, or there is no
        document at all.
    """
    name, empty = ids.naming(), True
    for file in corpus.files:
        for piece in _pieces(file, corpus):
            if isinstance(piece, Passage):
                empty = False
                yield _entry(piece, name(piece))
    if empty:
        path = corpus.files[0].path if len(corpus.files) == 1 else corpus.root
        raise InputError("no documents in it", path=path, expected="at least one")


def values(corpus: Corpus, field: str, *, option: str) -> Iterator[str]:
    """Give one field of every document, in the order of `read`, such as the book that a chunk is of; it may repeat.

    Parameters
    ----------
    option
        What named the field, for messages.

    Raises
    ------
    InputError
        As `read` does, if a record has no such field or something else there than a string or an integer, or the
        corpus is plain text.
    """
    asked = replace(corpus, id_field=field, id_option=option)
    for file in corpus.files:
        if file.format == "text":
            raise InputError(f"plain text has no field {field!r}", path=file.path, hint=f"leaving {option} out")
        for piece in _pieces(file, asked):
            if isinstance(piece, Passage):
                yield str(piece.id)


def rewrite(corpus: Corpus, edits: Iterable[Sequence[Edit]], *, out: Path) -> None:
    """Write every file of a corpus under `out`, with edits made and all else as it was.

    Parameters
    ----------
    edits
        One sequence a document, empty where nothing changes, in reading order. They are pulled one at a time while
        the files are written, so a generator may do its work in step.
    out
        A folder other than the corpus's own. Nothing appears in it before all files are written.

    Raises
    ------
    InputError
        As `read` does, or if `out` holds the corpus itself.
    ValueError
        If there are more or fewer sequences than documents, or an edit is not one `splice` can make.
    """
    if out.resolve() == corpus.root.resolve():
        raise InputError("the corpus itself would be overwritten", path=out, hint="--out with another folder")
    supply = iter(edits)
    with contextlib.ExitStack() as stack:

        def create(name: str) -> Path:
            return stack.enter_context(storage.atomic(out / name))

        for file in corpus.files:
            _rewrite_file(file, corpus, respell=lambda passage: splice(passage, _next(supply, passage)), create=create)
        for name in corpus.companions:
            shutil.copyfile(corpus.root / name, create(name))
        if next(supply, None) is not None:
            raise ValueError("more sequences of edits than documents")


def _pieces(file: File, corpus: Corpus) -> Iterator[str | Passage]:
    match file.format:
        case "jsonl":
            return jsonl.pieces(file, corpus)
        case "csv":
            return delimited.pieces(file, corpus)
        case "text":
            return plain.pieces(file)
        case "parquet":
            return parquet.pieces(file, corpus)
        case "datasets":
            return arrow_folder.pieces(file, corpus)


def _rewrite_file(
    file: File, corpus: Corpus, *, respell: Callable[[Passage], str], create: Callable[[str], Path]
) -> None:
    if file.format == "datasets":
        arrow_folder.rewrite(file, corpus, respell=respell, create=create)
    elif file.format == "parquet":
        parquet.rewrite(file, corpus, respell=respell, target=create(file.name))
    else:
        with compression.writing(create(file.name), file.compression) as stream:
            for piece in _pieces(file, corpus):
                stream.write((respell(piece) if isinstance(piece, Passage) else piece).encode())


def _entry(passage: Passage, name: str) -> Entry:
    opaque = tuple((run.start, run.end) for run in passage.runs)
    return Entry(
        document=Document(id=name, text=passage.text), place=passage.place, opaque=opaque, opted_out=passage.opted_out
    )


def _next(supply: Iterator[Sequence[Edit]], passage: Passage) -> Sequence[Edit]:
    edits = next(supply, None)
    if edits is None:
        raise ValueError(f"{passage.place}: no edits for this document: fewer sequences than documents")
    return edits

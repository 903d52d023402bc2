"""Which cell of a CSV or TSV row holds the text, and how is it edited there?"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from provenance.corpora import fields, lines
from provenance.corpora.rows import Row, physical, rows
from provenance.corpora.splice import Passage, Run
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.corpora.files import Corpus, File

DELIMITERS = (",", ";", "\t")
# The pattern begins with a plain character, which lets `re` leap from quote to quote.
_DOUBLED = re.compile(r'""(?:"")*+')


def pieces(file: File, corpus: Corpus) -> Iterator[str | Passage]:
    """Give the header and blank lines as they are, and every row as the document in it."""
    source = physical(lines.lines(file))
    for number, raw in source:
        if raw.strip("\r\n" + lines.BOM):
            delimiter = _delimiter(raw, file, corpus)
            table = rows(itertools.chain([(number, raw)], source), delimiter=delimiter, path=file.path)
            yield from _documents(table, delimiter, file, corpus)
        else:
            yield raw


def header(file: File, corpus: Corpus) -> tuple[str, list[str]]:
    """Give the delimiter of a file and the names of its columns; none where there is no header."""
    source = physical(lines.lines(file))
    for number, raw in source:
        if raw.strip("\r\n" + lines.BOM):
            delimiter = _delimiter(raw, file, corpus)
            first = next(rows(itertools.chain([(number, raw)], source), delimiter=delimiter, path=file.path))
            return delimiter, [first.value(index) for index in range(len(first.cells))]
    return DELIMITERS[0], []


def _documents(table: Iterator[Row], delimiter: str, file: File, corpus: Corpus) -> Iterator[str | Passage]:
    header = next(table)
    yield header.raw
    names = [header.value(index) for index in range(len(header.cells))]
    text, id_ = _columns(names, corpus, f"{file.path}:{header.line}")
    asked = corpus.opt_out_field
    flag = _column(names, asked, option="--opt-out", place=f"{file.path}:{header.line}") if asked else None
    for row in table:
        if row.blank:
            yield row.raw
            continue
        place = f"{file.path}:{row.line}"
        if len(row.cells) != len(names):
            raise InputError(f"{len(row.cells)} fields", path=place, expected=f"{len(names)}, as in the header")
        name = None if id_ is None else fields.id_of(row.value(id_), asked=corpus.id_field, place=place)
        opted_out = flag is not None and fields.flag_of(row.value(flag), name=names[flag], place=place)
        yield replace(_passage(row, text, delimiter=delimiter, name=name, place=place), opted_out=opted_out)


def _delimiter(header: str, file: File, corpus: Corpus) -> str:
    tab_first = ".tsv" in file.path.name.lower()
    candidates = sorted(DELIMITERS, key=lambda mark: (mark == "\t") != tab_first)
    names = {mark: [name.strip('"') for name in header.rstrip("\r\n").split(mark)] for mark in candidates}
    return max(candidates, key=lambda mark: (corpus.text_field in names[mark], len(names[mark])))


def _columns(names: Sequence[str], corpus: Corpus, place: str) -> tuple[int, int | None]:
    text = _column(names, corpus.text_field, option="--text-field", place=place)
    if corpus.id_field is None and fields.DEFAULT_ID not in names:
        return text, None
    return text, _column(names, corpus.id_field or fields.DEFAULT_ID, option=corpus.id_option, place=place)


def _column(names: Sequence[str], name: str, *, option: str, place: str) -> int:
    if name not in names:
        raise fields.missing(name, names, option=option, place=place)
    if names.count(name) > 1:
        raise InputError(f"{names.count(name)} columns are called {name!r}", path=place, expected="one")
    return names.index(name)


def _passage(row: Row, index: int, *, delimiter: str, name: str | None, place: str) -> Passage:
    cell = row.cells[index]
    runs = tuple(_runs(row.raw, cell.start, cell.end)) if cell.quoted else ()
    spell = _spell_quoted if cell.quoted else functools.partial(_spell_bare, delimiter=delimiter)
    return Passage(text=row.value(index), id=name, place=place, raw=row.raw, start=cell.start, runs=runs, spell=spell)


def _runs(raw: str, start: int, end: int) -> Iterator[Run]:
    shift = start
    for match in _DOUBLED.finditer(raw, start, end):
        begin, length = match.start() - shift, len(match.group()) // 2
        yield Run(start=begin, end=begin + length, raw_start=match.start(), raw_end=match.end())
        shift += length


def _spell_quoted(replacement: str) -> str:
    return replacement.replace('"', '""')


def _spell_bare(replacement: str, *, delimiter: str) -> str:
    if set(replacement) & {delimiter, '"', "\r", "\n"}:
        raise ValueError(f"{replacement!r} cannot stand in a field without quotes")
    return replacement

r"""Where in a line of JSON does the text stand, character for character?

The line is parsed by `json` and then walked once more with the same decoder, which says where each value begins and
ends. Inside the string, only escapes (``\n``, ``\u00e9``, a surrogate pair) differ from the text they mean.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from provenance.corpora import fields, lines
from provenance.corpora.splice import Passage, Run
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.corpora.files import Corpus, File

EXPECTED = "one JSON object a line"
_BLANK = " \t\r\n" + lines.BOM
_SPACE = re.compile(r"[ \t\r\n]*+")
# The pattern begins with a plain character, which lets `re` leap from escape to escape.
_ESCAPES = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[^u])(?:\\(?:u[0-9a-fA-F]{4}|[^u]))*+")
_DECODER = json.JSONDecoder()


def pieces(file: File, corpus: Corpus) -> Iterator[str | Passage]:
    """Give each line: blank ones as they are, all others as the document in them."""
    for number, raw in lines.lines(file):
        yield _passage(raw, corpus, f"{file.path}:{number}") if raw.strip(_BLANK) else raw


def _passage(raw: str, corpus: Corpus, place: str) -> Passage:
    record = _parsed(raw, place)
    path = fields.steps(corpus.text_field, record)
    value = fields.value_at(record, path, option="--text-field", place=place)
    text = fields.text_of(value, name=corpus.text_field, place=place)
    start, end = _string(raw, path)
    runs = tuple(_runs(raw, start, end))
    return Passage(
        text=text,
        id=_id(record, corpus, place),
        place=place,
        raw=raw,
        start=start,
        runs=runs,
        spell=_spell,
        opted_out=_opted_out(record, corpus, place),
    )


def _parsed(raw: str, place: str) -> dict[str, Any]:
    try:
        record = json.loads(raw)
    except json.JSONDecodeError as error:
        what = f"malformed JSON ({error.msg}, column {error.colno})"
        raise InputError(what, path=place, expected=EXPECTED) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"JSON beyond what can be read ({error})", path=place, expected=EXPECTED) from error
    if not isinstance(record, dict):
        raise InputError(f"this line is {fields.describe(record)}", path=place, expected=EXPECTED)
    return record


def _id(record: dict[str, Any], corpus: Corpus, place: str) -> str | None:
    asked = corpus.id_field
    if asked is None:
        return fields.id_of(record.get(fields.DEFAULT_ID), asked=None, place=place)
    value = fields.value_at(record, fields.steps(asked, record), option=corpus.id_option, place=place)
    return fields.id_of(value, asked=asked, place=place)


def _opted_out(record: dict[str, Any], corpus: Corpus, place: str) -> bool:
    value: Any = record
    for step in fields.steps(corpus.opt_out_field, record) if corpus.opt_out_field else ():
        value = value.get(step) if isinstance(value, dict) else None
    return corpus.opt_out_field is not None and fields.flag_of(value, name=corpus.opt_out_field, place=place)


def _string(raw: str, path: Sequence[str]) -> tuple[int, int]:
    at, end = _after_space(raw, 0), len(raw)
    for step in path:
        # The last of several equal keys counts, as it does for json.
        at, end = {key: (start, stop) for key, start, stop in _members(raw, at)}[step]
    return at + 1, end - 1


def _members(raw: str, at: int) -> Iterator[tuple[str, int, int]]:
    at = _after_space(raw, at + 1)
    while raw[at] != "}":
        key, at = _DECODER.raw_decode(raw, at)
        start = _after_space(raw, _after_space(raw, at) + 1)
        _, end = _DECODER.raw_decode(raw, start)
        yield key, start, end
        at = _after_space(raw, end)
        at = _after_space(raw, at + 1) if raw[at] == "," else at


def _after_space(raw: str, at: int) -> int:
    match = _SPACE.match(raw, at)
    return match.end() if match else at


def _runs(raw: str, start: int, end: int) -> Iterator[Run]:
    shift = start
    for match in _ESCAPES.finditer(raw, start, end):
        length = _length(match.group())
        begin = match.start() - shift
        yield Run(start=begin, end=begin + length, raw_start=match.start(), raw_end=match.end())
        shift = match.end() - begin - length


def _length(escapes: str) -> int:
    if len(escapes) == 2 or (len(escapes) == 6 and escapes[1] == "u"):  # noqa: PLR2004 (one short or one long escape)
        return 1
    return len(json.loads(f'"{escapes}"'))


def _spell(replacement: str) -> str:
    return json.dumps(replacement, ensure_ascii=False)[1:-1]

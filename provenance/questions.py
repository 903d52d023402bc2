"""What exactly is a suspect asked: as ids or as characters, each text once, in which order and which shards?

Every distinct text is asked once, in the order of its hash, so that nothing an audit draws conclusions from (which
variant was published, where an example stood in the run) can steer a batch. Shards are cut from that order by the texts
alone: a batch never holds texts of two shards, so one process or many, killed or not, get the same numbers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import suspects, tokenizers
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.records import Record, Tokenizer, Window
    from provenance.suspects import Suspect

MOST_TEXTS, MOST_TOKENS = 2_048, 1 << 17
"""A shard ends after so many of either; a text is never cut."""
MOST_SERVED = 256
"""Texts in a shard for a server, whose answers may be paid for: a budget that ends within a shard loses them."""
LETTERS = 4
"""Characters a token, roughly, where only characters are at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Many records as one suspect is asked about them."""

    records: tuple[Record, ...]
    """What answers are wanted for, in the order of the table."""
    texts: tuple[Record, ...]
    """What is asked."""
    rows: NDArray[np.int64]
    """Which of the texts each record is, shape ``(records,)``."""
    shards: tuple[range, ...]
    """Which of the texts are asked together."""
    sizes: tuple[int, ...]
    """About how many tokens each shard has: exactly as many where texts have ids."""
    rendering: str
    """``tokens``, ``text``, ``sum`` or ``agreement``, as in `provenance.scoring.Scores`."""
    window: Window | None
    """Which tokens of a text are asked; None where the window was decoded and the text is all there is of it."""
    sha256: str
    """Digest of the texts, their shards, and whose texts they are."""

    def shard(self, index: int) -> tuple[Record, ...]:
        """Give the texts of one shard."""
        part = self.shards[index]
        return self.texts[part.start : part.stop]


def prepare(
    records: Sequence[Record], model: Suspect, *, window: Window | None, tokenizer: Tokenizer | None
) -> Questions:
    """Decide once for all records how a suspect is asked about them.

    Raises
    ------
    InputError
        If there are none, or they have ids of another tokenizer and neither it nor a text is at hand.
    MismatchError
        If another tokenizer lies where the one that made the ids should.
    """
    if not records:
        raise InputError("nothing to score", expected="at least one record")
    rendering, prepared, applied = _render(records, model, window=window, tokenizer=tokenizer)
    contents = [_content(record, row if rendering == "sum" else None) for row, record in enumerate(prepared)]
    first = {content: row for row, content in reversed(list(enumerate(contents)))}
    # Numbers of a column are looked up by id, and cost nothing: all at once, so that it sees which it gives twice.
    distinct = contents if rendering == "sum" else sorted(first)
    place = {content: row for row, content in enumerate(distinct)}
    texts = tuple(prepared[first[content]] for content in distinct)
    most = MOST_SERVED if model.identity["kind"] in suspects.SERVED else MOST_TEXTS
    shards = (range(len(texts)),) if rendering == "sum" else _cut(texts, applied, most=most)
    digest = hashlib.sha256(repr([part.stop for part in shards]).encode() + b"".join(distinct))
    for record, content in zip(prepared, contents, strict=True):
        digest.update(repr((record.set, record.id, record.variant, record.view)).encode() + content)
    return Questions(
        records=tuple(records),
        texts=texts,
        rows=np.array([place[content] for content in contents], dtype=np.int64),
        shards=shards,
        sizes=tuple(sum(size(text, applied) for text in texts[part.start : part.stop]) for part in shards),
        rendering=rendering,
        window=applied,
        sha256=digest.hexdigest(),
    )


def size(text: Record, window: Window | None) -> int:
    """Say about how many tokens a text has, at least one: exactly where it has ids."""
    letters = len(text.context) + len(text.text or "")
    tokens = -(-letters // LETTERS) if text.tokens is None else len(text.tokens)
    return max(1, min(tokens, window.start + window.length) if window else tokens)


def _content(record: Record, row: int | None) -> bytes:
    """Digest what is asked: the text, or, where numbers are only looked up, each row by itself."""
    asked: object = (record.context, record.text or "") if record.tokens is None else record.tokens
    if record.spans:
        asked = (asked, record.spans)
    if row is not None:
        asked = (row, record.set, record.id, record.variant, record.view)
    return hashlib.sha256(repr(asked).encode()).digest()


def _cut(texts: Sequence[Record], window: Window | None, *, most: int) -> tuple[range, ...]:
    shards, first, tokens = list[range](), 0, 0
    for row, text in enumerate(texts):
        more = size(text, window)
        if row > first and (row - first >= most or tokens + more > MOST_TOKENS):
            shards.append(range(first, row))
            first, tokens = row, 0
        tokens += more
    return (*shards, range(first, len(texts)))


def _render(
    records: Sequence[Record], model: Suspect, *, window: Window | None, tokenizer: Tokenizer | None
) -> tuple[str, list[Record], Window | None]:
    """Decide once for all records whether ids or characters are scored."""
    if model.identity["kind"] == "column":
        return "sum", list(records), window
    if model.identity["kind"] != "text-only":
        records = [replace(record, spans=()) if record.spans else record for record in records]
    written = "agreement" if model.identity["kind"] == "text-only" else "text"
    with_ids = all(record.tokens is not None for record in records)
    if with_ids and tokenizer and model.tokenizer and model.tokenizer.sha256 == tokenizer.sha256:
        return "tokens", list(records), window
    if with_ids and tokenizer and (decoder := tokenizers.recorded(tokenizer)):
        return written, [_decode(record, decoder, window) for record in records], None
    if without := [record for record in records if record.text is None]:
        raise _unreadable(without[0])
    return written, [replace(record, tokens=None) for record in records], window


def _unreadable(record: Record) -> InputError:
    """Explain why a record cannot be put before a model: its ids are strange to it, or there is nothing but its id."""
    what, hint = "neither text nor token ids", "--join CORPUS"
    if record.tokens is not None:
        what, hint = "no text, and its token ids are of a tokenizer that is not the suspect's", "--tokenizer FOLDER"
    return InputError(
        f"record {record.id!r} has {what}",
        expected="a transcript with text, or its tokenizer at hand",
        hint=f"provtool transcript import … {hint}",
    )


def _decode(record: Record, decoder: Any, window: Window | None) -> Record:
    """Give the window's characters after those before it; a character that straddles its start is scored.

    The window is decoded after its context: alone, a tokenizer would drop its leading space or half of a letter.
    """
    ids = list(record.tokens or ())
    low, high = (window.start, window.start + window.length) if window else (0, len(ids))
    before, whole = (decoder.decode(ids[:end], clean_up_tokenization_spaces=False) for end in (low, high))
    shared = next((at for at, (one, other) in enumerate(zip(before, whole, strict=False)) if one != other), len(before))
    return replace(record, tokens=None, context=whole[:shared], text=whole[shared:])

"""What exactly is a suspect asked: as ids or as characters, each text once, in which order and which shards?

Every distinct text is asked once, in the order of its hash, so that nothing an audit draws conclusions from (which
variant was published, where an example stood in the run) can steer a batch. Shards are cut from that order by the texts
alone: a batch never holds texts of two shards, so one process or many, killed or not, get the same numbers.
"""

from __future__ import annotations

import array
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import lookup, spills, suspects, tokenizers
from provenance.errors import InputError
from provenance.unheld import Unheld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

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

    records: Sequence[Record]
    """What answers are wanted for, in the order of the table."""
    texts: Sequence[Record]
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

    def shard(self, index: int) -> Sequence[Record]:
        """Give the texts of one shard; all that are looked up, which may be many, as they are."""
        part = self.shards[index]
        return self.texts if self.rendering == "sum" else self.texts[part.start : part.stop]


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
    if model.identity["kind"] == "column":
        return _looked_up(records, window)
    rendering, render, applied = _rendering(records, model, window=window, tokenizer=tokenizer)
    prepared, contents, sizes = _prepare(records, render, applied)
    names, first, rows = np.unique(contents, return_index=True, return_inverse=True)
    most = MOST_SERVED if model.identity["kind"] in suspects.SERVED else MOST_TEXTS
    shards = _cut(sizes[first].tolist(), most=most)
    return Questions(
        records=records,
        texts=_chosen(prepared, first),
        rows=rows.astype(np.int64, copy=False),
        shards=shards,
        sizes=tuple(int(sizes[first[part.start : part.stop]].sum()) for part in shards),
        rendering=rendering,
        window=applied,
        sha256=_digest(shards, [names.tobytes()], zip(records, _each(contents), strict=True)),
    )


def _looked_up(records: Sequence[Record], window: Window | None) -> Questions:
    """Ask for numbers of a column: by id, at no cost, and all at once, so that it sees which it gives twice."""

    def contents() -> Iterator[bytes]:
        return (_content(record, row) for row, record in enumerate(records))

    shards = (range(len(records)),)
    return Questions(
        records=records,
        texts=records,
        rows=np.arange(len(records)),
        shards=shards,
        sizes=(sum(size(record, window) for record in records),),
        rendering="sum",
        window=window,
        sha256=_digest(shards, contents(), zip(records, contents(), strict=True)),
    )


def _prepare(
    records: Sequence[Record], render: Callable[[Record], Record], window: Window | None
) -> tuple[list[Record] | spills.Records, NDArray[np.bytes_], NDArray[np.int32]]:
    """Give every record as it is asked, the digest of that, 32 bytes each, and its size; many stay on the disk."""
    prepared: list[Record] | spills.Records = spills.Records() if isinstance(records, Unheld) else []
    digests, sizes = bytearray(), array.array("i")
    for record in records:
        rendered = render(record)
        prepared.append(rendered)
        digests += _content(rendered, None)
        sizes.append(size(rendered, window))
    return prepared, lookup.packed(digests, width=32), np.frombuffer(sizes, dtype=np.int32)


def _chosen(prepared: list[Record] | spills.Records, rows: NDArray[np.int64]) -> Sequence[Record]:
    if isinstance(prepared, spills.Records):
        held = prepared
        return Unheld(
            length=len(rows), passing=lambda: (held[row] for row in rows.tolist()), at=lambda at: held[int(rows[at])]
        )
    return tuple(prepared[row] for row in rows.tolist())


def _each(contents: NDArray[np.bytes_]) -> Iterator[bytes]:
    # One item by itself would come without the zeros at its end.
    return (contents[row : row + 1].tobytes() for row in range(len(contents)))


def _digest(shards: Sequence[range], distinct: Iterable[bytes], asked: Iterable[tuple[Record, bytes]]) -> str:
    digest = hashlib.sha256(repr([part.stop for part in shards]).encode())
    for content in distinct:
        digest.update(content)
    for record, content in asked:
        digest.update(repr((record.set, record.id, record.variant, record.view)).encode() + content)
    return digest.hexdigest()


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
    digest = hashlib.sha256(repr(asked).encode()).digest()
    if not record.spans:
        return digest
    # Variants of a text lie together, since what is drawn before their first site is theirs in common.
    before = (record.text or "")[: record.spans[0].start]
    return hashlib.sha256(before.encode(errors="surrogatepass")).digest()[:8] + digest[:24]


def _cut(sizes: Sequence[int], *, most: int) -> tuple[range, ...]:
    shards, first, tokens = list[range](), 0, 0
    for row, more in enumerate(sizes):
        if row > first and (row - first >= most or tokens + more > MOST_TOKENS):
            shards.append(range(first, row))
            first, tokens = row, 0
        tokens += more
    return (*shards, range(first, len(sizes)))


def _rendering(
    records: Sequence[Record], model: Suspect, *, window: Window | None, tokenizer: Tokenizer | None
) -> tuple[str, Callable[[Record], Record], Window | None]:
    """Decide once for all records whether ids or characters are scored, and how each is put."""
    text_only = model.identity["kind"] == "text-only"
    plain = _as_it_is if text_only else _without_spans
    with_ids = all(record.tokens is not None for record in records)
    if with_ids and tokenizer and model.tokenizer and model.tokenizer.sha256 == tokenizer.sha256:
        return "tokens", plain, window
    written = "agreement" if text_only else "text"
    if with_ids and tokenizer and (decoder := tokenizers.recorded(tokenizer)):
        return written, lambda record: _decode(plain(record), decoder, window), None
    if without := next((record for record in records if record.text is None), None):
        raise _unreadable(without)
    return written, lambda record: replace(plain(record), tokens=None), window


def _as_it_is(record: Record) -> Record:
    return record


def _without_spans(record: Record) -> Record:
    return replace(record, spans=()) if record.spans else record


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

"""How likely is every record to a suspect? Records in, one table of scores out; here the model's part ends.

Every distinct text is scored once, shard by shard (`provenance.questions`). Here all is held in memory and written at
the end; `provenance.resuming` gives the same table, byte for byte, of a run that may be killed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from provenance import answered, artifacts, questions, shards, storage, suspects, unread
from provenance.errors import ArtifactError, MismatchError
from provenance.records import Score, Window
from provenance.unheld import Unheld

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from provenance.questions import Questions
    from provenance.records import Record, Tokenizer
    from provenance.suspects import Suspect

SCORES = artifacts.Kind(
    name="scores",
    row="a scored text",
    columns=pa.schema(
        [
            ("id", pa.string()),
            ("set", pa.string()),
            ("variant", pa.int16()),
            ("view", pa.string()),
            *shards.ANSWER,
        ]
    ),
)
MADE = "a table made by provtool score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What one suspect said of many records."""

    rows: Sequence[Score]
    suspect: Mapping[str, Any]
    """The suspect's identity."""
    rendering: str
    """``tokens``: the recorded ids; ``text``: characters, per byte; ``sum``: one number a text;
    ``agreement``: what was drawn compared with the text, a number a place. Never pooled."""
    window: str | None
    inputs: Mapping[str, str]
    """Digests of what was scored."""
    sha256: str
    """Digest of the scores themselves: of the file, once there is one."""
    texts: str = ""
    """Digest of the texts that were asked; empty of what was put together, or kept by an early version."""
    halved: int = 0
    """Batches that were halved for want of memory: their last digits may differ from those of another run."""


def score(
    records: Iterable[Record],
    *,
    suspect: Suspect | str,
    window: Window | None = None,
    tokenizer: Tokenizer | None = None,
    inputs: Mapping[str, str] | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Scores:
    """Ask a suspect how likely each token of every record is.

    Parameters
    ----------
    records
        Texts, as token ids of `tokenizer`, as characters, or both.
    suspect
        Who is asked: a name such as ``hf:./model`` or ``column:FILE:NAME``, or an object that `provenance.suspects`
        made.
    window
        Which tokens to score; None scores all. In ids of `tokenizer` where records have tokens.
    tokenizer
        Whose ids the records' tokens are. If it is the suspect's own these ids are scored as they are; else the window
        is decoded with it and scored as text over the same characters.
    inputs
        Digests of the files behind the records, kept in the table.
    out
        Where to write the scores table; None only returns it.
    progress
        Called with (done, total) in the suspect's own units.

    Returns
    -------
    One row a record, with the natural-log probability of every scored token, each given all before it; float32.

    Raises
    ------
    SuspectError
        If the suspect cannot be asked.
    InputError
        If records have ids of another tokenizer and neither it nor a text is at hand.
    """
    model = suspects.load(suspect) if isinstance(suspect, str) else suspect
    asked = questions.prepare(_again(records), model, window=window, tokenizer=tokenizer)
    before = shards.halved(model)
    rows = tuple(_answered(asked, model, progress=progress))
    scores = Scores(
        rows=rows,
        suspect=dict(model.identity),
        rendering=asked.rendering,
        window=str(window) if window else None,
        inputs=dict(inputs or {}),
        sha256="",
        texts=asked.sha256,
        halved=shards.halved(model) - before,
    )
    return _digested(scores) if out is None else save(scores, out)


def header(asked: Questions, model: Suspect, *, window: Window | None, inputs: Mapping[str, str]) -> artifacts.Header:
    """Say what a table of a suspect's answers says of itself."""
    settings = {
        "suspect": dict(model.identity),
        "rendering": asked.rendering,
        "window": str(window) if window else None,
        "texts": asked.sha256,
    }
    return artifacts.Header(inputs=inputs, settings=settings)


def strained(head: artifacts.Header, *, halved: int) -> artifacts.Header:
    """Let a table say that batches were halved for want of memory; of none it says nothing."""
    return replace(head, settings={**head.settings, "halved": halved}) if halved else head


def is_of(path: str | os.PathLike[str], head: artifacts.Header) -> bool:
    """Say whether a table of scores is there that says this of itself."""
    if artifacts.kind_of(path) != SCORES.name:
        return False
    found, wanted = artifacts.read_header(path, SCORES), json.loads(storage.dump_json(dict(head.settings)))
    told = {name: value for name, value in found.settings.items() if name != "halved"}
    return told == wanted and dict(found.inputs) == dict(head.inputs)


def read(path: str | os.PathLike[str]) -> Scores:
    """Open a scores table: its rows stay on the disk until they are asked for.

    Raises
    ------
    ArtifactError
        If it is no whole table of scores.
    """
    table = unread.leave(path, SCORES)
    settings = table.header.settings
    needed = ("id", "variant", "view", "start", "logprob")
    if lacking := [name for name, column in _columns(table, needed) if column.null_count]:
        raise ArtifactError(f"a row has no {min(lacking, key=needed.index)}", path=path, expected=MADE)
    if not {"suspect", "rendering", "window"} <= settings.keys() or "suspect" not in dict(settings["suspect"]):
        raise ArtifactError("does not say who was asked", path=path, expected=MADE)
    return Scores(
        rows=table.rows(answered.from_batch),
        suspect=settings["suspect"],
        rendering=settings["rendering"],
        window=settings["window"],
        inputs=table.header.inputs,
        sha256=table.sha256,
        texts=settings.get("texts", ""),
        halved=settings.get("halved", 0),
    )


def columns(scores: Scores, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Give some columns of all answers, some thousand rows at a time, wherever they are."""
    return answered.columns(scores.rows, names, SCORES.columns)


def save(scores: Scores, out: str | os.PathLike[str]) -> Scores:
    """Write scores that are held in memory; gives them with the digest of the file."""
    told = {"texts": scores.texts} if scores.texts else {}
    head = strained(artifacts.Header(inputs=scores.inputs, settings=_settings(scores) | told), halved=scores.halved)
    with artifacts.TableWriter(out, kind=SCORES, header=head) as writer:
        for row in scores.rows:
            writer.write(answered.to_row(row, SCORES.columns))
    return replace(scores, sha256=storage.digest(out))


def joined(parts: Sequence[Scores]) -> Scores:
    """Put together what one suspect said of several lots of records.

    Raises
    ------
    MismatchError
        If they are of different suspects, or were rendered or windowed differently: such answers are never pooled.
    """
    first = parts[0]
    for part in parts[1:]:
        if _settings(part) != _settings(first):
            raise MismatchError(
                f"scores of {first.suspect['suspect']} and of {part.suspect['suspect']} cannot be pooled",
                expected="one suspect, one rendering and one window",
            )
    rows = tuple(row for part in parts for row in part.rows)
    whole = replace(first, rows=rows, texts=first.texts if len(parts) == 1 else "")
    return whole if len({part.sha256 for part in parts}) == 1 else _digested(whole)


def picker(scores: Scores) -> Callable[[Iterable[Record]], Scores]:
    """Make answers that were kept ready to be asked for: gives those to some records, in the order of the records.

    Raises
    ------
    MismatchError
        If a record was scored twice, or, once asked for, not at all.
    """
    kept = {(row.set, row.id, row.variant, row.view): row for row in scores.rows}
    if len(kept) < len(scores.rows):
        raise MismatchError(f"{scores.suspect['suspect']} scored a record twice", expected="one score a record")

    def pick(records: Iterable[Record]) -> Scores:
        keys = [(record.set, record.id, record.variant, record.view) for record in records]
        rows = [kept.get(key) or kept.get((None, *key[1:])) for key in keys]
        if missing := [key[1] for key, row in zip(keys, rows, strict=True) if row is None]:
            raise MismatchError(
                f"{len(missing)} of {len(keys)} records have no score from {scores.suspect['suspect']}: "
                + ", ".join(missing[:3]),
                expected="a score for every record that is asked",
                hint="provtool score again, or --suspect instead of --scores",
            )
        return replace(scores, rows=tuple(row for row in rows if row is not None), texts="")

    return pick


def check_inputs(scores: Scores, inputs: Mapping[str, str]) -> None:
    """Refuse scores that were made from other files than those in hand.

    Raises
    ------
    MismatchError
        If a digest differs.
    """
    if dict(scores.inputs) != dict(inputs):
        raise MismatchError(
            f"the scores of {scores.suspect['suspect']} were made from other files than the ones given",
            expected=f"scores of {', '.join(f'{name} {digest[:12]}' for name, digest in inputs.items())}",
            hint="provtool score again, or --suspect instead of --scores",
        )


def _digested(scores: Scores) -> Scores:
    """Give scores that have no file a digest of what they say."""
    content = hashlib.sha256(repr(_settings(scores)).encode())
    for row in scores.rows:
        content.update(repr((row.id, row.set, row.variant, row.view, row.start)).encode())
        content.update(b"".join(b"-" if part is None else part.tobytes() for part in (row.logprob, row.mean, row.sd)))
    return replace(scores, sha256=content.hexdigest())


def _settings(scores: Scores) -> dict[str, Any]:
    return {"suspect": dict(scores.suspect), "rendering": scores.rendering, "window": scores.window}


def _again(records: Iterable[Record]) -> Sequence[Record]:
    """Hold records that can be gone through but once."""
    return records if isinstance(records, Unheld) else tuple(records)


def _answered(asked: Questions, model: Suspect, *, progress: Callable[[int, int | None], None]) -> Iterator[Score]:
    answers, done, total = list[Score](), 0, sum(asked.sizes)
    for index, size in enumerate(asked.sizes):
        report = shards.part_of(progress, before=done, own=size, total=total) if len(asked.sizes) > 1 else progress
        answers += shards.score_shard(asked.shard(index), model, window=asked.window, progress=report)
        done += size
    for record, row in zip(asked.records, asked.rows, strict=True):
        yield replace(answers[row], id=record.id, set=record.set, variant=record.variant, view=record.view)


def _columns(table: unread.Unread, names: Sequence[str]) -> Iterator[tuple[str, pa.Array]]:
    for batch in table.batches(names):
        yield from zip(names, batch.columns, strict=True)

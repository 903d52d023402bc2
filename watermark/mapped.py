"""How are documents marked where they already are: in `datasets.Dataset.map`, in pandas, in Spark?

A marker is a function over rows. It puts the marked text in the place of the text and adds one column, in which what
the ledger will need is sealed under the key (`watermark.sealing`); `watermark.collect` makes the ledger of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.corpora import Entry, fields, text_id
from provenance.errors import InputError, MismatchError
from provenance.records import Document
from watermark import keys, marking, precautions, sealing
from watermark.keys import Key
from watermark.marking import Embedding, Task

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

COLUMN = "provtool_sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A function over rows, for `map`; made by `marker`.

    It can be pickled and hashed. With a key file in place of a key, each process reads the file for itself, so that
    nothing secret is in the pickle.
    """

    key: Key | Path = field(repr=False)
    key_id: str
    embedding: Embedding
    text_field: str = "text"
    id_field: str | None = None
    opt_out_field: str | None = None
    column: str = COLUMN
    """Where the sealed rows go: drop it before anything is published."""

    def __call__(self, rows: Mapping[str, Any]) -> dict[str, Any]:
        """Mark one row, or a batch of rows given as lists, as `Dataset.map` does with and without ``batched=True``.

        Returns
        -------
        The text field and the sealed column, of the shape in which the rows came.

        Raises
        ------
        InputError
            If a field is missing or a text is none.
        """
        if self.text_field not in rows or isinstance(rows[self.text_field], list):
            return self._batch(rows)
        made = self._batch({name: [value] for name, value in rows.items()})
        return {name: values[0] for name, values in made.items()}

    def settings(self) -> dict[str, Any]:
        """Name everything that decides what is marked, as the header of a ledger does."""
        return {
            **marking.settings(self.embedding, self.secret()),
            "text_field": self.text_field,
            "id_field": self.id_field,
            "opt_out_field": self.opt_out_field,
            "mapping": None,
        }

    def secret(self) -> Key:
        """Give the key, read from its file where that was given.

        Raises
        ------
        MismatchError
            If another key stands in the file by now.
        """
        if isinstance(self.key, Key):
            return self.key
        found = keys.load(self.key)
        if found.id != self.key_id:
            raise MismatchError(f"{self.key}: now holds key {found.id}", expected=f"key {self.key_id}")
        return found

    def seal(self) -> sealing.Seal:
        """Give what seals rows and opens them."""
        own = marking.dealing_key(self.secret(), self.embedding.recipient)
        return sealing.Seal(own, self.settings())

    def _batch(self, rows: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        tasks, seal = self._tasks(rows), self.seal()
        found = marking.mark_all(tasks, key=self.secret(), embedding=self.embedding)
        sealed = [
            sealing.Sealed(
                id=task.document.id,
                marked=marked if marked.sites else None,
                opted_out=task.opted_out,
                foreign=not task.opted_out and not marked.sites and not marking.wanted(task),
            )
            for task, marked in zip(tasks, found, strict=True)
        ]
        return {
            self.text_field: [marked.variant(0) if marked.sites else marked.text for marked in found],
            self.column: [seal.close(one) for one in sealed],
        }

    def _tasks(self, rows: Mapping[str, Sequence[Any]]) -> list[Task]:
        if self.column in rows:
            raise InputError(f"a column {self.column!r} is there already", hint="removing it: it is of another marker")
        texts = self._column(rows, self.text_field, option="text_field")
        named = self.id_field or (fields.DEFAULT_ID if fields.DEFAULT_ID in rows else None)
        ids = self._column(rows, named, option="id_field") if named else [None] * len(texts)
        asked = self.opt_out_field
        flags = self._column(rows, asked, option="opt_out_field") if asked else [None] * len(texts)
        return [self._task(*row) for row in zip(texts, ids, flags, strict=True)]

    def _column(self, rows: Mapping[str, Sequence[Any]], name: str, *, option: str) -> Sequence[Any]:
        if name not in rows:
            raise fields.missing(name, list(rows), option=f"{option}=", place="rows to mark")
        return rows[name]

    def _task(self, value: object, id_: object, flag: object) -> Task:
        place = f"row with id {id_!r}" if id_ is not None else "a row"
        text = fields.text_of(value, name=self.text_field, place=place)
        name = fields.id_of(id_, asked=self.id_field, place=place) or text_id(text)
        opted_out = fields.flag_of(flag, name=self.opt_out_field or "", place=place)
        document = Document(id=name, text=text)
        precautions.refuse_key(Entry(document=document, place=place, opaque=()))
        return Task(document=document, opted_out=opted_out)


def marker(
    *,
    key: Key | str | os.PathLike[str],
    release: str,
    embedding: Embedding | None = None,
    text_field: str = "text",
    id_field: str | None = None,
    opt_out_field: str | None = None,
) -> Marker:
    """Make a function that marks rows, for ``dataset.map(marker, batched=True)`` or `watermark.mark_frames`.

    The deals are those that `watermark.release` would make of the same documents under the same release name.

    Parameters
    ----------
    key
        The owner's key, or the file that it is in, which every process then reads for itself.
    release
        Name that the deals depend on; no two releases share one.
    embedding
        How to mark; its own release name is not looked at.
    text_field, id_field, opt_out_field
        Columns, as in `provenance.corpora.open`; ids must not repeat.

    Raises
    ------
    InputError
        If the key cannot be read, the release has no name, or the embedding needs more than one document at a time:
        strategy ``leximark``, entropy ``corpus``, a previous release or a mapping.
    """
    how = embedding or Embedding()
    if not release:
        raise InputError("the release has no name", expected="a name that no other release has")
    alone = how.strategy == "keyed" and how.entropy == "english" and how.previous is None and how.mapping is None
    if not alone:
        raise InputError(
            "strategy leximark, entropy corpus, a previous release and a mapping look beyond one document",
            expected="strategy keyed, entropy english",
            hint="watermark.release",
        )
    own = key if isinstance(key, Key) else Path(key).absolute()
    known = own if isinstance(own, Key) else keys.load(own)
    return Marker(
        key=own,
        key_id=known.id,
        embedding=replace(how, release=release),
        text_field=text_field,
        id_field=id_field,
        opt_out_field=opt_out_field,
    )

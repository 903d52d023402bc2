"""How is a folder saved by `datasets` read as documents, and written so that `load_from_disk` takes it again?

The folder holds Arrow streams and two JSON files. They are read and written batch by batch with pyarrow, because
`Dataset.map` and `save_to_disk` would lay a second copy of the corpus in a cache first, and split it otherwise.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pyarrow as pa

from provenance import storage
from provenance.corpora import columns
from provenance.corpora.files import DATASET_INFO, DATASET_STATE
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from provenance.corpora.files import Corpus, File
    from provenance.corpora.splice import Passage

END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def pieces(file: File, corpus: Corpus) -> Iterator[Passage]:
    """Give every row as a document."""
    first = 1
    for name in file.data:
        path = file.path / name
        for batch in _batches(path):
            columns.needed(batch.schema, corpus, path)
            yield from columns.passages(pa.Table.from_batches([batch]), corpus, file.path, first=first)
            first += batch.num_rows


def rewrite(file: File, corpus: Corpus, *, respell: Callable[[Passage], str], create: Callable[[str], Path]) -> None:
    """Write the folder again, file by file and batch by batch, with every text passed through `respell`.

    `create` gives a path to write under a name; what it gives first takes that name last, and without its state a
    folder is no dataset to anybody.
    """
    folder = PurePosixPath(file.name)
    state = create(str(folder / DATASET_STATE))
    shutil.copyfile(file.path / DATASET_INFO, create(str(folder / DATASET_INFO)))
    first, changed, written = 1, False, []
    for name in file.data:
        written.append(create(str(folder / name)))
        with pa.OSFile(str(written[-1]), "wb") as sink, pa.ipc.new_stream(sink, _schema(file.path / name)) as stream:
            for batch in _batches(file.path / name):
                table = pa.Table.from_batches([batch])
                table, differs = columns.edited(table, corpus, file.path, first=first, respell=respell)
                stream.write_table(table.combine_chunks())
                first, changed = first + batch.num_rows, changed or differs
    _write_state(file.path / DATASET_STATE, state, written if changed else [])


def _write_state(source: Path, target: Path, changed: Sequence[Path]) -> None:
    # `datasets` names its caches by the fingerprint: other rows under the old one would bring old results back.
    state = json.loads(source.read_text(encoding="utf-8"))
    if not changed:
        shutil.copyfile(source, target)
        return
    parts = [str(state.get("_fingerprint")), *(storage.digest(path) for path in changed)]
    state["_fingerprint"] = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    target.write_text(storage.dump_json(state), encoding="utf-8")


def _schema(path: Path) -> pa.Schema:
    with _opened(path) as stream:
        return stream.schema


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with _opened(path) as stream:
        try:
            yield from stream
        except (pa.ArrowException, OSError) as error:
            raise columns.damaged(path, error, what="Arrow") from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[pa.ipc.RecordBatchStreamReader]:
    _check_end(path)
    with pa.OSFile(str(path)) as source:
        try:
            stream = pa.ipc.open_stream(source)
        except (pa.ArrowException, OSError) as error:
            raise columns.damaged(path, error, what="Arrow") from error
        yield stream


def _check_end(path: Path) -> None:
    # pyarrow takes a stream cut between two batches for a finished one.
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - len(END_OF_STREAM)), os.SEEK_SET)
            whole = stream.read() == END_OF_STREAM
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from error
    if not whole:
        raise InputError("an Arrow file that ends too early", path=path, hint="saving the dataset again")

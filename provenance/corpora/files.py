"""Which files make up a corpus, and in which format and compression is each of them?"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from provenance import artifacts, storage, strangers
from provenance.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

Format = Literal["jsonl", "csv", "text", "parquet", "datasets"]
Compression = Literal["gz", "zst"]

FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
    ".md": "text",
    ".parquet": "parquet",
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".zst": "zst"}
SUPPORTED = f"one of {' '.join(FORMATS)} (all but .parquet also with .gz or .zst), or a folder of such files"
DATASET_INFO, DATASET_STATE, DATASET_DICT = "dataset_info.json", "state.json", "dataset_dict.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a corpus, or one `datasets` folder, which counts as one."""

    path: Path
    name: str
    """Relative to the corpus's root, with forward slashes."""
    format: Format
    compression: Compression | None = None
    data: tuple[str, ...] = ()
    """The Arrow files of a `datasets` folder, in order, relative to it."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Every file on disk this one stands for, relative to `path` (which it is itself where there are none)."""
        return (*self.data, DATASET_INFO, DATASET_STATE) if self.format == "datasets" else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A stream of documents with a file format: where it lies, and which fields matter."""

    root: Path
    files: tuple[File, ...]
    text_field: str = "text"
    """Field or column of the text; ``meta.text`` reaches into objects and structs."""
    id_field: str | None = None
    """Field of the id; None takes ``id`` where a record has one, else a digest of the text."""
    id_option: str = "--id-field"
    """Option that named the field, for messages."""
    opt_out_field: str | None = None
    """Field that is true in records which are to be left alone; a JSON record without it is not."""
    companions: tuple[str, ...] = ()
    """Files without documents that belong to the format and are copied as they are."""
    skipped: tuple[str, ...] = ()
    """Files in the folder that are in no format we read: neither read nor copied."""


def open(  # noqa: A001 (called as corpora.open)
    path: str | os.PathLike[str],
    *,
    text_field: str = "text",
    id_field: str | None = None,
    opt_out_field: str | None = None,
) -> Corpus:
    """List the files of a corpus without reading its documents.

    Parameters
    ----------
    path
        A file, a folder (searched recursively, hidden names left out), or a folder saved by `datasets`.
    text_field, id_field, opt_out_field
        As in `Corpus`.

    Raises
    ------
    InputError
        If there is nothing at `path`, nothing in it that we read, the file's extension is unknown, or plain text is to
        opt out.
    """
    place = Path(path)
    if not place.exists():
        raise strangers.missing(path, what="no such file or folder")
    found = _listed(place) if place.is_dir() else _single(place)
    if opt_out_field and any(file.format == "text" for file in found.files):
        raise InputError("plain text has no fields, so none to opt out by", path=path, hint="leaving out --opt-out")
    return replace(found, text_field=text_field, id_field=id_field, opt_out_field=opt_out_field)


def _single(place: Path) -> Corpus:
    if kind := artifacts.kind_of(place):
        raise InputError(f"this is a {kind} of provtool", path=place, expected="a corpus of texts")
    file = _classify(place, place.name)
    if file is None:
        raise InputError(f"unknown kind of file {place.name!r}", path=place, expected=SUPPORTED)
    return Corpus(root=place.parent, files=(file,))


def moved(corpus: Corpus, root: Path) -> Corpus:
    """Give the same files where they lie under another root, as after `rewrite`."""
    return replace(corpus, root=root, files=tuple(replace(file, path=root / file.name) for file in corpus.files))


def digest(corpus: Corpus) -> str:
    """SHA-256 over the names and SHA-256s of all files of a corpus."""
    return storage.digest_json([[name, storage.digest(corpus.root / name)] for name in _names(corpus)])


def file_digest(corpus: Corpus) -> str:
    """Give what ``sha256sum`` prints where there is one file, else the digest of all."""
    only = corpus.files[0].path if len(corpus.files) == 1 else None
    return storage.digest(only) if only is not None and only.is_file() else digest(corpus)


def _names(corpus: Corpus) -> Iterator[str]:
    for file in corpus.files:
        folder = file.path.relative_to(corpus.root)
        yield from [(folder / part).as_posix() for part in file.parts] or [file.name]
    yield from corpus.companions


def _listed(root: Path) -> Corpus:
    try:
        names = sorted(path.relative_to(root).as_posix() for path in _walk(root))
    except OSError as error:
        raise InputError(f"cannot be listed ({error.strerror})", path=error.filename) from error
    companions = tuple(name for name in names if Path(name).name == DATASET_DICT)
    classified = {name: _classify(root / name, name) for name in names if name not in companions}
    files = tuple(file for file in classified.values() if file is not None)
    if not files:
        raise InputError("no file in this folder is one we read", path=root, expected=SUPPORTED)
    skipped = tuple(name for name, file in classified.items() if file is None)
    return Corpus(root=root, files=files, companions=companions, skipped=skipped)


def _walk(folder: Path) -> Iterator[Path]:
    if _is_dataset(folder):
        yield folder
        return
    for entry in sorted(folder.iterdir()):
        if not entry.name.startswith("."):
            # A linked folder may lead back here, so it is listed as skipped instead.
            yield from _walk(entry) if entry.is_dir() and not entry.is_symlink() else [entry]


def _classify(path: Path, name: str) -> File | None:
    if _is_dataset(path):
        return File(path=path, name=name, format="datasets", data=_data_files(path))
    compression = COMPRESSIONS.get(path.suffix.lower())
    suffix = Path(path.stem if compression else path.name).suffix.lower()
    kind = FORMATS.get(suffix)
    if kind is None or (kind == "parquet" and compression) or path.is_dir():
        return None
    return File(path=path, name=name, format=kind, compression=compression)


def _is_dataset(folder: Path) -> bool:
    return (folder / DATASET_STATE).is_file() and (folder / DATASET_INFO).is_file()


def _data_files(folder: Path) -> tuple[str, ...]:
    path = folder / DATASET_STATE
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        names = tuple(str(item["filename"]) for item in state["_data_files"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise InputError("not the state of a saved dataset", path=path, expected="what save_to_disk writes") from error
    if state.get("_indices_data_files"):
        hint = "dataset.flatten_indices().save_to_disk(…)"
        raise InputError("the dataset is stored with a table of indices", path=path, hint=hint)
    if odd := [name for name in names if Path(name).name != name or name in {"", ".."}]:
        raise InputError(f"{odd[0]!r} lies outside the dataset", path=path, expected="names of files in this folder")
    return names

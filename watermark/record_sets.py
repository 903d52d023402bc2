"""Which records do the files of a release hold, in the words of Croissant?

Files of one format and one delimiter are one record set. Its fields are those of the files; a text or an id that lies
inside an object is a field of its own.
"""

from __future__ import annotations

import glob
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from provenance.corpora import delimited, fields, shapes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import PurePath

    from provenance.corpora import Corpus, File

FORMATS = {
    "jsonl": "application/jsonlines",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "parquet": "application/x-parquet",
    "text": "text/plain",
    "arrow": "application/vnd.apache.arrow.stream",
}
COMPRESSIONS = {"gz": "application/gzip", "zst": "application/zstd"}
TYPES = {"text": "sc:Text", "integer": "sc:Integer", "float": "sc:Float", "boolean": "sc:Boolean"}


def formats(file: File, part: str = "") -> tuple[str, ...]:
    """Give the media types of a file, or of one part of a `datasets` folder: what is in it, and how it is packed."""
    if part:
        return ("application/json",) if part.endswith(".json") else (FORMATS["arrow"],)
    kind = "tsv" if file.format == "csv" and ".tsv" in file.name.lower() else file.format
    return (FORMATS[kind], *([COMPRESSIONS[file.compression]] if file.compression else []))


def file_sets(corpus: Corpus, home: PurePath) -> list[dict[str, Any]]:
    """Name the files that one record set is read from, where a single file is not named by itself."""
    return [
        {
            "@type": "cr:FileSet",
            "@id": f"{kind}-files",
            "encodingFormat": FORMATS[kind],
            "includes": [glob.escape(PurePosixPath(home, file.name).as_posix()) for file in files],
        }
        for kind, files in _together(corpus).items()
        if _is_set(kind, files)
    ]


def record_sets(corpus: Corpus, home: PurePath) -> list[dict[str, Any]]:
    """Describe the records of a release: one set, ``documents``, or one for each format."""
    together = _together(corpus)
    made = []
    for kind, files in together.items():
        name = "documents" if len(together) == 1 else f"documents-{kind}"
        own = {"fileObject": {"@id": quote(PurePosixPath(home, files[0].name).as_posix())}}
        source = {"fileSet": {"@id": f"{kind}-files"}} if _is_set(kind, files) else own
        found = _of_text(name, source, home) if kind == "text" else _of_table(name, source, files, corpus)
        made.append({"@type": "cr:RecordSet", "@id": name, "name": name, "field": list(found)})
    return made


def _together(corpus: Corpus) -> dict[str, list[File]]:
    """Put files together that a loader can read together."""
    found = defaultdict[str, list["File"]](list)
    for file in corpus.files:
        kind = _kind(file, corpus)
        if kind is not None:
            found[kind].append(file)
    return dict(found)


def _kind(file: File, corpus: Corpus) -> str | None:
    """Say as what a loader reads a file; None if it cannot."""
    if file.format == "datasets" or file.compression == "zst" or (file.format == "text" and file.compression):
        return None
    if file.format != "csv":
        return file.format
    # A loader takes the delimiter from the media type, which knows no semicolon.
    expected = "tsv" if formats(file)[0] == FORMATS["tsv"] else "csv"
    return expected if delimited.header(file, corpus)[0] == {"tsv": "\t", "csv": ","}[expected] else None


def _is_set(kind: str, files: Sequence[File]) -> bool:
    """Say whether files are read as a set: plain text is, since an only one has its name from it."""
    return len(files) > 1 or kind == "text"


def _of_table(
    record_set: str, source: dict[str, Any], files: Sequence[File], corpus: Corpus
) -> Iterator[dict[str, Any]]:
    known = shapes.columns(files, corpus)
    for name, kind in known.items():
        if kind is not None:
            yield _field(record_set, name, TYPES[kind], {**source, "extract": {"column": name}})
    for name in filter(None, (corpus.text_field, corpus.id_field)):
        if name not in known:
            first, *rest = fields.steps(name, known)
            inside = {"extract": {"column": first}, "transform": {"jsonPath": ".".join(rest)}}
            yield _field(record_set, name, TYPES["text"], {**source, **inside})


def _of_text(record_set: str, source: dict[str, Any], home: PurePath) -> Iterator[dict[str, Any]]:
    name = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": f"{home}/(.+)"}}
    yield _field(record_set, "id", TYPES["text"], {**source, **name})
    yield _field(record_set, "text", TYPES["text"], {**source, "extract": {"fileProperty": "content"}})


def _field(record_set: str, name: str, kind: str, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{quote(name, safe='')}",
        "name": name,
        "dataType": kind,
        "source": source,
    }

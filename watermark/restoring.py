"""How does a release become the corpus again, byte for byte?

Release and ledger are walked side by side: the rows of a ledger stand in the corpus's order, and each says which
document it is of, since without ids nothing else would tell like texts apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts, corpora, folders
from provenance.errors import InputError, MismatchError
from watermark import ledger
from watermark.ledger import LEDGER

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from provenance.corpora import Corpus, Edit
    from watermark.ledger import Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What `undo` left on disk."""

    folder: Path
    documents: int
    """How many documents had been marked."""
    identical: bool
    """Whether the files' digests are those of the corpus that was marked. Compressed files, Parquet and datasets are
    written anew and need not have them; nor has a release to which something was added."""


def undo(
    corpus: Corpus | str | os.PathLike[str],
    *,
    ledger_path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Restored:
    """Give the corpus back from its release.

    Parameters
    ----------
    corpus
        An opened release, or a path to one, which is read with the fields that the ledger names.
    ledger_path
        The ledger that was written with the release.
    out
        A new folder. It appears when all is written, and not before.
    progress
        Called with (documents done, None).

    Raises
    ------
    MismatchError
        If a marked document is missing from the release or has been edited since.
    InputError
        If release or ledger cannot be read, or `out` exists.
    """
    header = artifacts.read_header(ledger_path, LEDGER)
    opened = corpus if isinstance(corpus, corpora.Corpus) else open_release(Path(corpus), header.settings)
    restored = list[str]()
    with folders.whole(Path(out)) as work:
        corpora.rewrite(opened, _edits(opened, ledger_path, restored, progress), out=work)
        found = corpora.digest(corpora.moved(opened, work))
    return Restored(folder=Path(out), documents=len(restored), identical=found == header.inputs.get("corpus"))


def open_release(path: Path, settings: Mapping[str, Any]) -> Corpus:
    """Open a release with the fields that were read when it was made."""
    if (path / "release").is_dir() and (path / "certificate.json").is_file():
        raise InputError("this folder holds release, ledger and certificate", path=path, hint=f"{path / 'release'}")
    return corpora.open(path, text_field=settings.get("text_field", "text"), id_field=settings.get("id_field"))


def _edits(
    corpus: Corpus, path: str | os.PathLike[str], restored: list[str], progress: Callable[[int, int | None], None]
) -> Iterator[list[Edit]]:
    rows = ledger.stream(path)
    marked = next(rows, None)
    for row, entry in enumerate(corpora.read(corpus)):
        if marked is None or marked.row != row:
            yield []
        elif entry.document.text == marked.variant(0):
            yield _reversed(marked)
            restored.append(marked.id)
            marked = next(rows, None)
        else:
            raise _edited(marked, entry.place)
        progress(row + 1, None)
    if marked is not None:
        raise _edited(marked, str(corpus.root))


def _reversed(marked: Marked) -> list[Edit]:
    edits, shift = list[corpora.Edit](), 0
    for site, choices in zip(marked.sites, marked.chosen, strict=True):
        published, original = site.options[choices[0]], site.options[0]
        start = site.start + shift
        if choices[0] != 0:
            edits.append(corpora.Edit(start=start, end=start + len(published), replacement=original))
        shift += len(published) - len(original)
    return edits


def _edited(marked: Marked, place: str) -> MismatchError:
    return MismatchError(
        f"{place}: document {marked.id!r} is missing from the release or was edited after it was made",
        expected="the text that the ledger renders as variant 0",
        hint="the release and ledger that were written together",
    )

"""Which corpora must not be marked, and where must a release not go?

A ledger that lies among the files of a corpus would be taken for a table of documents, and published; a key that lies
there, for a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance import artifacts
from provenance.errors import InputError
from watermark import keys

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.corpora import Corpus, Entry

ELSEWHERE = "moving it elsewhere"


def refuse_tables(corpus: Corpus) -> None:
    """Refuse a corpus with a table of ours in it.

    Raises
    ------
    InputError
        It names the file.
    """
    for file in corpus.files:
        kind = artifacts.kind_of(file.path) if file.format == "parquet" else None
        if kind is not None:
            raise InputError(f"this is a {kind} of provtool's, not a corpus", path=file.path, hint=ELSEWHERE)


def refuse_key(entry: Entry) -> None:
    """Refuse a document that is a key.

    Raises
    ------
    InputError
        It names the place and shows nothing of the key.
    """
    if entry.document.text.lstrip().startswith(keys.PREFIX):
        raise InputError("a secret key stands in the corpus", path=entry.place, hint=ELSEWHERE)


def refuse_nesting(corpus: Corpus, target: Path) -> None:
    """Refuse a target that holds the corpus, which it would replace, or lies in it, where it would be marked again.

    Raises
    ------
    InputError
        In either case.
    """
    place = target.resolve()
    if any(file.path.resolve().is_relative_to(place) for file in corpus.files):
        raise InputError("the corpus itself lies in this folder", path=target, expected="another folder")
    if len(corpus.files) > 1 and place.is_relative_to(corpus.root.resolve()):
        raise InputError("this folder lies inside the corpus", path=target, expected="a folder beside it")


def refuse_committed(ledger: Path) -> None:
    """Refuse to replace a ledger that was committed to: the commitment could never be opened again.

    Raises
    ------
    InputError
        If its commitment lies beside it.
    """
    commitment = ledger.with_name(f"{ledger.name}.commitment.json")
    if commitment.exists():
        raise InputError("the ledger was committed to and is not replaced", path=commitment, hint="another --out")

"""How does a corpus become a release and a ledger, and a release the corpus again?

Documents stream through in bounded memory: each is read, marked, written to the ledger and spliced into a copy of its
own file, where every byte outside the sites stays as it was.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts, corpora
from provenance.errors import InputError, MismatchError
from watermark import certificate, ledger, sites, variants
from watermark.ledger import LEDGER, Marked

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from provenance.corpora import Corpus, Edit, Entry
    from provenance.records import Document
    from watermark.certificate import Counts
    from watermark.keys import Key
    from watermark.sites import SiteRules

STRATEGIES = ("keyed", "leximark")
DEFAULT_ALTERNATES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """How documents are marked."""

    rules: SiteRules = field(default_factory=sites.SiteRules)
    strategy: str = "keyed"
    """``keyed``: the key deals; ``leximark``: the rarest wording everywhere, no key and no exact null."""
    alternates: int = DEFAULT_ALTERNATES
    """Private variants beside the published one; fixed for ever when the release is made."""
    release: str = ""
    """Name that the deals depend on, so that two releases share no coin."""
    recipient: str | None = None

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise InputError(f"unknown strategy {self.strategy!r}", expected=" or ".join(STRATEGIES))
        if self.alternates < 1:
            raise InputError(f"{self.alternates} alternates", expected="at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What `release` left on disk."""

    folder: Path
    ledger: Path
    certificate: Path
    counts: Counts


def mark(
    document: Document,
    *,
    key: Key | None,
    embedding: Embedding | None = None,
    opaque: Sequence[tuple[int, int]] = (),
) -> Marked:
    """Find a document's sites and deal a wording to each, for every variant.

    Sites and options are fixed before the key is looked at; the key decides nothing but the deal.

    Parameters
    ----------
    key
        None only for strategy ``leximark``.
    opaque
        Spans of the text that may not be edited.
    """
    how = embedding or Embedding()
    found = sites.find(document.text, rules=how.rules, opaque=opaque)
    if how.strategy == "leximark":
        rarest = tuple((variants.rarest(site),) for site in found)
        return Marked(id=document.id, text=document.text, sites=found, chosen=rarest)
    own = ledger.dealing_key(_needed(key), how.recipient)
    size = how.alternates + 1
    dealt = tuple(variants.deal(own, site, release=how.release, document=document.id, variants=size) for site in found)
    return Marked(id=document.id, text=document.text, sites=found, chosen=dealt)


def release(
    corpus: Corpus | str | os.PathLike[str],
    *,
    key: Key | None,
    out: str | os.PathLike[str],
    embedding: Embedding | None = None,
    force: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Release:
    """Mark a corpus: write ``release/`` in the corpus's own format, ``ledger.parquet`` and ``certificate.json``.

    Parameters
    ----------
    corpus
        An opened corpus, or a path to one with fields ``text`` and ``id``.
    key
        The owner's key; None only for strategy ``leximark``.
    out
        A new folder. It appears when all is written, and not before.
    embedding
        How to mark; without a release name, the corpus's own is taken.
    force
        Replace an existing folder.
    progress
        Called with (documents done, None).

    Raises
    ------
    InputError
        If the corpus cannot be read, `out` exists, or a key is missing.
    """
    opened = corpora.open(corpus) if not isinstance(corpus, corpora.Corpus) else corpus
    how = embedding or Embedding()
    if not how.release:
        how = replace(how, release=opened.files[0].name if len(opened.files) == 1 else opened.root.resolve().name)
    target = Path(out)
    if target.exists() and not force:
        raise InputError("the folder exists", path=target, expected="a new folder", hint="--force to replace it")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        counts = _write(opened, work, key=key, how=how, progress=progress)
        work.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Release(
        folder=target / "release",
        ledger=target / "ledger.parquet",
        certificate=target / "certificate.json",
        counts=counts,
    )


def undo(
    corpus: Corpus | str | os.PathLike[str],
    *,
    ledger_path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> int:
    """Give the corpus back from its release, byte for byte; returns how many documents had been marked.

    Raises
    ------
    MismatchError
        If a marked document is missing from the release or has been edited since.
    InputError
        If `out` exists.
    """
    opened = corpora.open(corpus) if not isinstance(corpus, corpora.Corpus) else corpus
    target = Path(out)
    if target.exists():
        raise InputError("the folder exists", path=target, expected="a new folder")
    restored = list[str]()
    corpora.rewrite(opened, _unmarking(opened, ledger_path, restored, progress), out=target)
    return len(restored)


def _write(
    corpus: Corpus,
    work: Path,
    *,
    key: Key | None,
    how: Embedding,
    progress: Callable[[int, int | None], None],
) -> Counts:
    own = None if how.strategy == "leximark" else ledger.dealing_key(_needed(key), how.recipient)
    settings = {**_settings(how), "rules": how.rules.method, "key_id": own.id if own else None}
    header = artifacts.Header(inputs={"corpus": corpora.digest(corpus)}, settings=settings)
    tally = certificate.Tally()
    path = work / "ledger.parquet"
    with artifacts.TableWriter(path, kind=LEDGER, header=header) as writer:

        def edits() -> Iterator[list[Edit]]:
            for done, entry in enumerate(corpora.read(corpus), start=1):
                marked = mark(entry.document, key=key, embedding=how, opaque=entry.opaque)
                tally.add(marked)
                if marked.sites:
                    writer.write(ledger.to_row(marked, recipient=how.recipient))
                yield _edits(marked)
                progress(done, None)

        corpora.rewrite(corpus, edits(), out=work / "release")
    counts = tally.counts()
    certificate.write(work / "certificate.json", folder=work, settings=settings, counts=counts, key=own)
    return counts


def _edits(marked: Marked) -> list[Edit]:
    """Give the edits that turn the original text into variant 0."""
    return [
        corpora.Edit(start=site.start, end=site.end, replacement=site.options[choices[0]])
        for site, choices in zip(marked.sites, marked.chosen, strict=True)
        if choices[0] != 0
    ]


def _unmarking(
    corpus: Corpus, path: str | os.PathLike[str], restored: list[str], progress: Callable[[int, int | None], None]
) -> Iterator[list[Edit]]:
    """Walk release and ledger side by side: ledger rows stand in the corpus's order."""
    rows = ledger.stream(path)
    marked = next(rows, None)
    for done, entry in enumerate(corpora.read(corpus), start=1):
        if marked is not None and entry.document.text == marked.variant(0) and _same_id(entry, marked):
            yield _reversed(marked)
            restored.append(marked.id)
            marked = next(rows, None)
        elif marked is not None and entry.document.id == marked.id:
            raise _edited(marked, entry.place)
        else:
            yield []
        progress(done, None)
    if marked is not None:
        raise _edited(marked, str(corpus.root))


def _same_id(entry: Entry, marked: Marked) -> bool:
    """A document without an id of its own was named by its text, which has changed since."""
    return marked.id in (entry.document.id, text_id := corpora.text_id(marked.text)) or marked.id.startswith(
        f"{text_id}."
    )


def _reversed(marked: Marked) -> list[Edit]:
    edits, shift = [], 0
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


def _needed(key: Key | None) -> Key:
    if key is None:
        raise InputError("strategy 'keyed' needs a key", expected="--key FILE", hint="provtool key new KEY")
    return key


def _settings(how: Embedding) -> dict[str, Any]:
    return {
        "release": how.release,
        "strategy": how.strategy,
        "alternates": how.alternates if how.strategy == "keyed" else 0,
        "recipient": how.recipient,
    }

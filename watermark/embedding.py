"""How does a corpus become a release and a ledger?

Documents stream through in bounded memory: each is read, marked, written to the ledger and spliced into a copy of its
own file, where every byte outside the sites stays as it was. A folder appears under its name when all of it is written.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts, corpora
from provenance.errors import InputError
from provenance.language import tagging
from watermark import certificate, folders, ledger, precautions, rules, sites, variants
from watermark.ledger import LEDGER, Marked

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from provenance.corpora import Corpus, Edit
    from provenance.language.tagging import Tagger
    from provenance.records import Document
    from watermark.certificate import Counts
    from watermark.keys import Key
    from watermark.rules import SiteRules

RELEASE_FOLDER, LEDGER_FILE, CERTIFICATE_FILE = "release", "ledger.parquet", "certificate.json"
STRATEGIES = ("keyed", "leximark")
DEFAULT_ALTERNATES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """How documents are marked."""

    rules: SiteRules = field(default_factory=rules.SiteRules)
    strategy: str = "keyed"
    """``keyed``: the key deals; ``leximark``: the rarest wording everywhere, no key and no exact null."""
    alternates: int = DEFAULT_ALTERNATES
    """Private variants beside the published one; fixed for ever when the release is made."""
    release: str = ""
    """Name that the deals depend on, so that two releases share no coin."""
    recipient: str | None = None
    spacy_model: str | None = None
    """Package or folder of a spaCy pipeline that tags the words; the lexicon's own tagger when None."""

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise InputError(f"unknown strategy {self.strategy!r}", expected=" or ".join(STRATEGIES))
        if self.alternates < 1:
            raise InputError(f"{self.alternates} alternates", expected="at least 1")
        if self.recipient is not None and self.strategy != "keyed":
            raise InputError(f"a recipient's copy of strategy {self.strategy!r}", expected="strategy 'keyed'")
        for name in (self.release, self.recipient):
            if name is not None and not name.isprintable():
                raise InputError(f"name {name!r}", expected="printable characters")
        if self.recipient == "":
            raise InputError("the recipient has no name", expected="a name")


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
    asked = [(document.text, opaque)]
    (found,) = sites.find_all(asked, rules=how.rules, tagger=_tagger(how.spacy_model))
    if how.strategy == "leximark":
        rarest = tuple((variants.rarest(site),) for site in found)
        return Marked(id=document.id, text=document.text, sites=found, chosen=rarest)
    own = _dealing_key(key, how.recipient)
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
        Replace an earlier release. It stays if this one fails.
    progress
        Called with (documents done, None).

    Raises
    ------
    InputError
        If the corpus cannot be read or holds a secret of ours, `out` exists, or a key is missing.
    """
    opened = corpora.open(corpus) if not isinstance(corpus, corpora.Corpus) else corpus
    how = embedding or Embedding()
    if not how.release:
        how = replace(how, release=_name(opened))
    own = None if how.strategy == "leximark" else _dealing_key(key, how.recipient)
    target = Path(out)
    precautions.refuse_tables(opened)
    precautions.refuse_nesting(opened, target)
    precautions.refuse_committed(target / LEDGER_FILE)
    with folders.whole(target, replaces=(LEDGER_FILE, CERTIFICATE_FILE) if force else None) as work:
        counts = _write(opened, work, key=key, how=how, progress=progress)
        certificate.write(work / CERTIFICATE_FILE, folder=work, settings=_settings(how, own), counts=counts, key=own)
    return Release(
        folder=target / RELEASE_FOLDER,
        ledger=target / LEDGER_FILE,
        certificate=target / CERTIFICATE_FILE,
        counts=counts,
    )


def _write(
    corpus: Corpus, work: Path, *, key: Key | None, how: Embedding, progress: Callable[[int, int | None], None]
) -> Counts:
    own = None if how.strategy == "leximark" else _dealing_key(key, how.recipient)
    fields = {"text_field": corpus.text_field, "id_field": corpus.id_field}
    header = artifacts.Header(inputs={"corpus": corpora.digest(corpus)}, settings=_settings(how, own) | fields)
    tally = certificate.Tally()
    with artifacts.TableWriter(work / LEDGER_FILE, kind=LEDGER, header=header) as writer:

        def edits() -> Iterator[list[Edit]]:
            for row, entry in enumerate(corpora.read(corpus)):
                precautions.refuse_key(entry)
                marked = replace(mark(entry.document, key=key, embedding=how, opaque=entry.opaque), row=row)
                tally.add(marked)
                if marked.sites:
                    writer.write(ledger.to_row(marked, recipient=how.recipient))
                yield _edits(marked)
                progress(row + 1, None)

        corpora.rewrite(corpus, edits(), out=work / RELEASE_FOLDER)
    return tally.counts()


def _edits(marked: Marked) -> list[Edit]:
    """Give the edits that turn the original text into variant 0."""
    return [
        corpora.Edit(start=site.start, end=site.end, replacement=site.options[choices[0]])
        for site, choices in zip(marked.sites, marked.chosen, strict=True)
        if choices[0] != 0
    ]


def _name(corpus: Corpus) -> str:
    name = corpus.files[0].name if len(corpus.files) == 1 else corpus.root.resolve().name
    return name.encode(errors="replace").decode()


def _dealing_key(key: Key | None, recipient: str | None) -> Key:
    if key is None:
        raise InputError("strategy 'keyed' needs a key", expected="--key FILE", hint="provtool key new KEY")
    return ledger.dealing_key(key, recipient)


@functools.lru_cache(maxsize=1)
def _pipeline(name: str) -> Tagger:
    return tagging.spacy_pipeline(name)


def _tagger(name: str | None) -> Tagger:
    return sites.default_tagger() if name is None else _pipeline(name)


def _settings(how: Embedding, own: Key | None) -> dict[str, Any]:
    return {
        "release": how.release,
        "strategy": how.strategy,
        "alternates": how.alternates if how.strategy == "keyed" else 0,
        "recipient": how.recipient,
        "rules": how.rules.method,
        "tagger": _tagger(how.spacy_model).method,
        "key_id": own.id if own else None,
    }

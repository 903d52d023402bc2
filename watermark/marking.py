"""Which sites does a document get, and what is dealt to them?

Documents are marked many at a time, because a sentence encoder reads many sentences for the price of a few. What is
marked together never changes a deal; the last digits of an encoder's numbers may depend on it, so a release cuts its
corpus into the same parts however many processes work on them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from provenance.errors import InputError
from provenance.language import identification, pipelines, surprisal
from watermark import dealing, encoder, published, rules, sites, variants
from watermark.ledger import Marked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from provenance.language.tagging import Tagger
    from provenance.records import Document
    from watermark.keys import Key
    from watermark.rules import SiteRules
    from watermark.sites import Site

STRATEGIES = ("keyed", "leximark")
ENTROPIES = ("english", "corpus")
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
    """Package or folder of a spaCy pipeline that tags the words; the default tagger when None."""
    encoder: str = encoder.NONE
    """Who judges wordings in their places: see `watermark.encoder.load`."""
    previous: Path | None = None
    """Ledger of the release before this one: documents that have not changed keep their sites and deals."""
    mapping: Path | None = None
    """Ledger of strategy ``leximark`` whose words are replaced alike here, and no others."""
    entropy: str = "english"
    """Whose words are surprising: those rare in ``english``, or in the ``corpus`` itself, which is then read twice."""

    def __post_init__(self) -> None:
        self._check_choices()
        self._check_names()
        if self.alternates < 1:
            raise InputError(f"{self.alternates} alternates", expected="at least 1")
        if self.rules.synonyms in published.READING and encoder.load_cached(self.encoder) is None:
            what = f"synonyms {self.rules.synonyms!r} need an encoder"
            raise InputError(what, expected="--encoder NAME", hint="pip install 'provtool[embedded]'")

    def _check_choices(self) -> None:
        for name, value, known in (("strategy", self.strategy, STRATEGIES), ("entropy", self.entropy, ENTROPIES)):
            if value not in known:
                raise InputError(f"unknown {name} {value!r}", expected=" or ".join(known))
        if self.recipient is not None and self.strategy != "keyed":
            raise InputError(f"a recipient's copy of strategy {self.strategy!r}", expected="strategy 'keyed'")
        for name, given, strategy in (("mapping", self.mapping, "leximark"), ("previous", self.previous, "keyed")):
            if given is not None and self.strategy != strategy:
                raise InputError(f"--{name} with strategy {self.strategy!r}", expected=f"strategy {strategy!r}")

    def _check_names(self) -> None:
        for text in (self.release, self.recipient):
            if text is not None and not text.isprintable():
                raise InputError(f"name {text!r}", expected="printable characters")
        if self.recipient == "":
            raise InputError("the recipient has no name", expected="a name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One document to mark."""

    document: Document
    row: int | None = None
    """Which document of its corpus it is."""
    opaque: tuple[tuple[int, int], ...] = ()
    """Spans of the text that may not be edited."""
    opted_out: bool = False
    before: Marked | None = None
    """How the same text was marked in the previous release: its sites and deals are kept."""


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
    document
        One text and its id, on which the deal depends.
    key
        None only for strategy ``leximark``.
    embedding
        How to mark; its release name is part of the deal.
    opaque
        Spans of the text, in code points, that may not be edited.

    Returns
    -------
    The text with its sites, and the option of each variant at each site; variant 0 is the one to publish.

    Raises
    ------
    InputError
        If a key is missing.
    """
    return mark_all([Task(document=document, opaque=tuple(opaque))], key=key, embedding=embedding or Embedding())[0]


def mark_all(
    tasks: Sequence[Task],
    *,
    key: Key | None,
    embedding: Embedding,
    surprise: Callable[[str], float] = surprisal.surprisal,
) -> list[Marked]:
    """Mark documents together, in order.

    A document that opted out or is not English has no sites; one that was marked before keeps those it had.

    Parameters
    ----------
    surprise
        Bits of a word: the most surprising words of a sentence are taken.
    """
    new = [task.before is None and wanted(task) for task in tasks]
    found = iter(
        sites.find_all(
            [(task.document.text, task.opaque) for task, is_new in zip(tasks, new, strict=True) if is_new],
            rules=embedding.rules,
            tagger=tagger(embedding.spacy_model),
            encoder=encoder.load_cached(embedding.encoder),
            surprisal=surprise,
        )
    )
    taken = (
        next(found) if is_new else task.before.sites if task.before else ()
        for task, is_new in zip(tasks, new, strict=True)
    )
    return [_dealt(task, its, key=key, how=embedding) for task, its in zip(tasks, taken, strict=True)]


def wanted(task: Task) -> bool:
    """Say whether a document may be marked at all: it did not opt out, and it is English."""
    return not task.opted_out and identification.english(task.document.text)


def _dealt(task: Task, found: tuple[Site, ...], *, key: Key | None, how: Embedding) -> Marked:
    document = task.document
    chosen: tuple[tuple[int, ...], ...]
    if how.strategy == "leximark":
        chosen = tuple((variants.rarest(site),) for site in found)
    else:
        own, size = dealing_key(key, how.recipient), how.alternates + 1
        chosen = tuple(
            variants.deal(own, site, release=how.release, document=document.id, variants=size) for site in found
        )
    return Marked(id=document.id, text=document.text, sites=found, chosen=chosen, row=task.row)


def dealing_key(key: Key | None, recipient: str | None) -> Key:
    """Give the key that deals, or say that one is needed."""
    if key is None:
        raise InputError("strategy 'keyed' needs a key", expected="--key FILE", hint="provtool key new KEY")
    return dealing.dealing_key(key, recipient)


def settings(how: Embedding, key: Key | None) -> Mapping[str, Any]:
    """Name everything that decides what a release looks like; of the key its id alone."""
    reader = encoder.load_cached(how.encoder)
    return {
        "release": how.release,
        "strategy": how.strategy,
        "alternates": how.alternates if how.strategy == "keyed" else 0,
        "recipient": how.recipient,
        "rules": how.rules.method,
        "tagger": tagger(how.spacy_model).method,
        "encoder": reader.method if reader else encoder.NONE,
        "entropy": how.entropy,
        "key_id": dealing_key(key, how.recipient).id if how.strategy == "keyed" else None,
    }


def tagger(name: str | None) -> Tagger:
    """Give the tagger of that name, or the default one; loaded once."""
    return pipelines.default() if name is None else _pipeline(name)


@functools.lru_cache(maxsize=1)
def _pipeline(name: str) -> Tagger:
    return pipelines.load(name)

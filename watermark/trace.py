"""Which documents of this copy, and so whose copy, does a text carry?

Null: the text is independent of this copy's coins. Originals and other recipients' copies satisfy it, whatever was done
to them, because the sites that are read and the readings are fixed before this copy's deal is looked at. What the key
dealt to a coin of k options is then uniform over them, independently of all other coins: the full law, without a model.
Agreement with what was dealt speaks for the claim. No published test is followed: the tail is `provenance.stats.coins`.

::

    from provenance import corpora, evidence
    from watermark import trace

    found = trace.audit("for-acme/ledger.parquet", corpora.open("leak.txt"))
    evidence.write("acme.json", found)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts, corpora, storage
from provenance.audits import decision, gates, plots
from provenance.errors import ArtifactError, InputError
from provenance.evidence import (
    DEFAULT_ALPHA,
    OWNER_CAVEAT,
    Commitment,
    Effect,
    Evidence,
    Gate,
    LogP,
    Statistic,
    check_alpha,
)
from provenance.records import Document, generator
from provenance.stats import betting, coins
from watermark import agreements, dealing, flows, ledger, locating, readings
from watermark.ledger import LEDGER, Ledger

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy as np

    from provenance.corpora import Corpus
    from watermark.agreements import Agreement
    from watermark.flows import Flow
    from watermark.keys import Key
    from watermark.ledger import Marked
    from watermark.readings import Located

DEFAULT_RESAMPLES = 999_999
"""A redraw costs next to nothing, and many recipients asked about together need a low floor."""
MOST_LISTED = 100
NULL = (
    "The text is independent of this copy's coins: for each document and marked word of it, which wording the key "
    "dealt to this copy is uniform among the word's options, independently of the text and of every other coin. The "
    "originals and other recipients' copies satisfy it."
)
LISTED = "Single documents listed as found describe; among many, some agree by chance. The verdict is over all coins."
INTERVAL = "The interval of the share carried is right if coins are carried independently of each other."
UNCHECKED = "Without the key the ledger's choices were not dealt again: the finding rests on the ledger as it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """A ledger whose documents are read one at a time."""

    path: Path
    sha256: str
    settings: Mapping[str, Any]
    documents: Iterable[Marked]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """What was read of the texts under audit."""

    flow: Flow
    sha256: str


def audit(
    released: Ledger | str | os.PathLike[str],
    texts: Corpus | Sequence[Document],
    *,
    name: str = "texts",
    key: Key | None = None,
    alpha: float = DEFAULT_ALPHA,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
    commitments: Sequence[Commitment] = (),
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Evidence:
    """Audit texts against one copy of a release.

    Parameters
    ----------
    released
        The copy's ledger, or its path: then it is read document by document, in memory of the texts' size.
    texts
        A corpus, or documents, taken together: one finding of all of them.
    name
        What the texts are called in the evidence.
    key
        Deal the choices of every document found again and compare; None trusts the ledger.
    alpha, resamples, seed
        As in `provenance.audits.order.audit`.
    commitments
        To the ledger, by `provenance.commitments`; without a witnessed one a caveat says so.
    progress
        Called with (documents of the ledger read, None).

    Returns
    -------
    Evidence decided by the redraw p-value; the exact tail, e-value and share carried stand beside it, and in `found`
    which documents the texts carry, and where.

    Raises
    ------
    InputError
        If the ledger was dealt without a key or has no document, or the texts have no word.
    MismatchError
        If the key did not deal this ledger.
    """
    check_alpha(alpha)
    copy, read = _copy(released), _texts(texts)
    dealing.check_keyed(copy.settings, path=copy.path)
    own = dealing.check_dealer(copy.settings, key, path=copy.path) if key is not None else None
    located = list(_located(copy, read.flow, progress))
    if own is not None:
        for one in located:
            dealing.check_dealt(one.document, own, release=copy.settings["release"], path=copy.path)
    agreement = agreements.compare(readings.sightings(located, read.flow), read.flow)
    rng = generator(seed, copy.sha256, read.sha256)
    found = _judged(agreement, alpha=alpha, resamples=resamples, rng=rng)
    return replace(
        found,
        claim=_claim(copy.settings),
        caveats=_caveats(agreement, commitments, checked=own is not None),
        commitments=tuple(commitments),
        inputs={"ledger": copy.sha256, "texts": read.sha256},
        suspect={"suspect": name, "kind": "text", "texts": len(read.flow.names), "words": read.flow.total},
        seed=seed,
    )


def _copy(released: Ledger | str | os.PathLike[str]) -> _Copy:
    if isinstance(released, Ledger):
        return _Copy(
            path=released.path, sha256=released.sha256, settings=released.settings, documents=released.documents
        )
    return _Copy(
        path=Path(released),
        settings=artifacts.read_header(released, LEDGER).settings,
        sha256=storage.digest(released),
        documents=ledger.stream(released),
    )


def _texts(texts: Corpus | Sequence[Document]) -> _Texts:
    if isinstance(texts, corpora.Corpus):
        flow, sha256 = flows.read(entry.document for entry in corpora.read(texts)), corpora.file_digest(texts)
    else:
        flow = flows.read(texts)
        sha256 = storage.digest_json([[one.id, hashlib.sha256(one.text.encode()).hexdigest()] for one in texts])
    if not flow.total:
        raise InputError("the texts have no word", expected="at least one")
    return _Texts(flow=flow, sha256=sha256)


def _located(copy: _Copy, flow: Flow, progress: Callable[[int, int | None], None]) -> Iterator[Located]:
    """Find the documents that the texts follow somewhere; the deal is not looked at."""
    number, seen = 0, set[str]()
    for number, document in enumerate(copy.documents, start=1):
        passages = locating.find(document.text, document.sites, flow)
        if passages:
            if document.id in seen:
                raise ArtifactError(f"document {document.id!r} stands twice", path=copy.path)
            seen.add(document.id)
            yield readings.Located(document=document, passages=tuple(passages))
        progress(number, None)
    if not number:
        raise InputError("no document of this ledger has a site", path=copy.path, expected="at least one")


def _judged(agreement: Agreement, *, alpha: float, resamples: int, rng: np.random.Generator) -> Evidence:
    sides, agree = agreement.sides, agreement.agree
    test = coins.coin_test(sides, agree, resamples=resamples, rng=rng)
    capital, share = betting.coin_capital(sides, agree), coins.carried(sides, agree)
    checks = (_found_gate(agreement), gates.reach(test.log10_floor, alpha=alpha))
    return Evidence(
        audit="trace",
        claim="",
        null=NULL,
        **decision.by_permutation(test.pvalue, capital, resamples=resamples, alpha=alpha, gates=checks),
        n=len(sides),
        pvalue_method=(
            f"{test.method}; {locating.METHOD}; one reading a coin (majority, ties none); "
            "statistic=Σ (options × [reading agrees] − 1) over coins"
        ),
        bound=LogP(
            log10_pvalue=coins.tail_log10(sides, agree),
            method="exact tail of the statistic over all deals (tilted Poisson-binomial), no floor",
        ),
        statistic=Statistic(name="agreement-above-chance", value=test.statistic),
        effect=Effect(
            name="share-of-coins-carried", value=share.value, low=share.low, high=share.high, level=share.level
        ),
        caveats=(),
        commitments=(),
        inputs={},
        suspect={},
        references=(),
        seed=0,
        found=agreement.found[:MOST_LISTED],
        plots=(plots.histogram("permutation-null", test.null), plots.growth(capital)) if len(sides) else None,
    )


def _found_gate(agreement: Agreement) -> Gate:
    documents = len({row["document"] for row in agreement.found})
    return Gate(
        name="found-in-text",
        passed=bool(len(agreement.sides)),
        detail=f"{documents} documents found, {len(agreement.sides)} coins read"
        if len(agreement.sides)
        else "no coin was found: no text follows a document of this copy past a site",
    )


def _claim(settings: Mapping[str, Any]) -> str:
    whose = "" if settings["recipient"] is None else f" that was marked for {settings['recipient']!r}"
    return f"The text derives from the copy of release {settings['release']!r}{whose}, by any path."


def _caveats(agreement: Agreement, commitments: Sequence[Commitment], *, checked: bool) -> tuple[str, ...]:
    documents = len({row["document"] for row in agreement.found})
    notes = [f"Documents found: {documents:,}, in {len({row['text'] for row in agreement.found}):,} texts."]
    if len(agreement.found) > MOST_LISTED:
        notes.append(
            f"Of {len(agreement.found):,} pairs of document and text the {MOST_LISTED} most telling are listed."
        )
    if agreement.ties:
        notes.append(f"Coins left out because their readings tie: {agreement.ties:,}.")
    notes += [LISTED, INTERVAL]
    if not checked:
        notes.append(UNCHECKED)
    if not any(commitment.witness for commitment in commitments):
        notes.append(OWNER_CAVEAT)
    return tuple(notes)

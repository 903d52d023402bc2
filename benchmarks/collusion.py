"""What can recipients who compare their copies learn, and are they still found?

Every document of a ledger is dealt anew for recipients who never were. Some of them compare their copies word by word,
see the sites where the copies differ, and mix or erase what they see; the audit is then asked about each of them and
about one who had no part in it.

    python benchmarks/collusion.py LEDGER [--documents 20] [--trials 20]
    python benchmarks/collusion.py --weights

With ``--weights`` no ledger is read: it compares statistics that count agreement with a coin of k options once, log k
times and k times, by how often each reaches p ≤ .001 where a share of the coins is carried.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from provenance.records import Document
from watermark import ledger, trace, variants
from watermark.keys import Key

if TYPE_CHECKING:
    from watermark.ledger import Ledger, Marked

WAYS = ("mix", "erase")
MIXES = ((2, 2, 2, 2, 2, 3), (2, 2, 3), (2, 3, 4, 5))
REDRAWS = 200_000


def deal(book: Ledger, name: str) -> Ledger:
    """Deal a copy for a recipient, as a sub-key of nobody's would."""
    key = Key(secret=hashlib.sha256(name.encode()).digest(), id=name)
    documents = tuple(
        replace(
            one,
            chosen=tuple(
                variants.deal(key, site, release=book.release, document=one.id, variants=2) for site in one.sites
            ),
        )
        for one in book.documents
    )
    settings = {**book.settings, "key_id": name, "recipient": name}
    return replace(book, sha256=hashlib.sha256(name.encode()).hexdigest(), documents=documents, settings=settings)


def collude(copies: list[Marked], way: str, rng: np.random.Generator) -> str:
    """Write one document from several copies: where they differ, one of theirs at random, or a word of no copy."""
    text, sites, at = copies[0].text, copies[0].sites, 0
    parts = []
    for number, site in enumerate(sites):
        held = [copy.chosen[number][0] for copy in copies]
        parts.append(text[at : site.start])
        erased = way == "erase" and len(set(held)) > 1
        parts.append("something" if erased else site.options[held[rng.integers(len(held))]])
        at = site.end
    return "".join([*parts, text[at:]])


def measure(book: Ledger, *, recipients: int, way: str, documents: int, trials: int) -> str:
    """Ask about every colluder and about one innocent, and lay it out as a line."""
    rng = np.random.default_rng(recipients)
    differ, guilty, innocent = [], [], []
    for trial in range(trials):
        drawn = rng.choice(len(book.documents), size=documents, replace=False)
        some = replace(book, documents=tuple(book.documents[row] for row in drawn))
        copies = [deal(some, f"{trial} {number}") for number in range(recipients + 1)]
        together = list(zip(*(copy.documents for copy in copies[:-1]), strict=True))
        texts = [Document(id=held[0].id, text=collude(list(held), way, rng)) for held in together]
        differ += [
            len({one.chosen[at][0] for one in held}) > 1 for held in together for at in range(len(held[0].sites))
        ]
        found = [trace.audit(copy, texts, resamples=9_999) for copy in copies]
        guilty += found[:-1]
        innocent.append(found[-1])
    shares = [one.effect.value for one in guilty]
    return (
        f"{recipients}  {way:<5}  sites that differ {np.mean(differ):.3f}"
        f"  coins read {np.mean([f.n for f in guilty]):.0f}"
        f"  share carried {np.mean(shares):.2f}  found {np.mean([f.verdict == 'evidence' for f in guilty]):.2f}"
        f"  median log10 p ≤ {np.median([f.bound.log10_pvalue for f in guilty]):.1f}"
        f"  innocent found {np.mean([f.verdict == 'evidence' for f in innocent]):.2f}"
    )


def compare_weights() -> None:
    """Print the power of three ways to count agreement."""
    rng = np.random.default_rng(0)
    for mix in MIXES:
        for count in (15, 30, 60):
            sides = np.resize(np.array(mix), count)
            null = rng.random((REDRAWS, count)) < 1 / sides
            for share in (0.3, 0.5, 0.7, 0.9):
                held = rng.random((20_000, count)) < share + (1 - share) / sides
                power = [_power(null @ w, held @ w) for w in (np.ones(count), np.log(sides), sides.astype(float))]
                print(mix, count, share, "  ".join(f"{one:.3f}" for one in power))


def _power(null: np.ndarray, held: np.ndarray) -> float:
    ranks = np.searchsorted(np.sort(null), held - 1e-9)
    return float(np.mean((len(null) - ranks + 1) / (len(null) + 1) <= 1e-3))  # noqa: PLR2004 (the verdict's level)


def main() -> None:
    """Print a line for each number of recipients and each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ledger", type=Path, nargs="?")
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--weights", action="store_true")
    asked = parser.parse_args()
    if asked.weights or asked.ledger is None:
        compare_weights()
        return
    book = ledger.read(asked.ledger)
    sides = np.array([len(site.options) for one in book.documents for site in one.sites])
    print(f"{len(sides):,} sites; two copies differ at an expected 1 − mean 1/k = {1 - np.mean(1 / sides):.3f}")
    for recipients in (1, 2, 3, 4):
        for way in WAYS if recipients > 1 else WAYS[:1]:
            print(
                measure(book, recipients=recipients, way=way, documents=asked.documents, trials=asked.trials),
                flush=True,
            )


if __name__ == "__main__":
    main()

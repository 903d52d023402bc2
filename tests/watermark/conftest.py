"""A marked book that takes no tagger: words from a list, with sites drawn among them."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from watermark import variants
from watermark.keys import Key
from watermark.ledger import Ledger, Marked
from watermark.sites import Site

GROUPS = (
    ("big", "large"),
    ("begin", "start"),
    ("help", "aid", "assist"),
    ("a house", "an abode"),
    ("quick", "rapid", "fast"),
    ("buy", "purchase"),
)


def _key(name):
    return Key(secret=hashlib.sha256(name.encode()).digest(), id=name)


def _document(number, rng, words):
    """Sentences of list words, a site about every ninth word; site words also stand where nobody marks them."""
    parts, sites, at = [], [], 0
    for place in range(words):
        text = f"w{int(rng.zipf(1.3)) % 700}"
        drawn = rng.random()
        if drawn < 0.11:
            text, *others = rng.permutation(GROUPS[rng.integers(len(GROUPS))]).tolist()
            word = text.split()[-1]
            sites.append(Site(start=at, end=at + len(text), word=word, options=(text, *sorted(others))))
        elif drawn < 0.13:
            text = str(rng.choice(["large", "aid", "start"]))
        parts.append(text + (". " if place % 12 == 11 else " "))
        at += len(parts[-1])
    return f"d{number}", "".join(parts), tuple(sites)


@pytest.fixture(scope="session")
def deal_copy():
    """Give a function that deals the book anew: forty documents of ninety words, for any recipient."""
    rng = np.random.default_rng(7)
    book = [_document(number, rng, 90) for number in range(40)]

    def deal(name, *, release="r"):
        key = _key(name)
        documents = tuple(
            Marked(
                id=id_,
                text=text,
                sites=sites,
                chosen=tuple(variants.deal(key, site, release=release, document=id_, variants=3) for site in sites),
            )
            for id_, text, sites in book
        )
        settings = {"release": release, "strategy": "keyed", "key_id": name, "recipient": name, "alternates": 2}
        return Ledger(
            path=Path(f"{name}.parquet"),
            sha256=hashlib.sha256(f"ledger {name}".encode()).hexdigest(),
            documents=documents,
            release=release,
            key_id=name,
            recipient=name,
            settings=settings,
        )

    return deal

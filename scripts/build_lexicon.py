"""How is the lexicon table made from WordNet's files?

Reads the files of Debian's ``wordnet-base`` and writes ``watermark/data/lexicon.tsv.xz``: facts only (lemma, part of
speech, synset, sense rank, tag count, relations), no glosses. The bytes depend on the input files alone.

    python scripts/build_lexicon.py [--wordnet /usr/share/wordnet] [--check]
"""

from __future__ import annotations

import argparse
import lzma
import re
import sys
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).parent.parent / "watermark" / "data" / "lexicon.tsv.xz"
FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
SENSE_TYPES = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
RELATIONS = ("!", "&", "@", "$", ";c", ";u", ";r")
"""Antonym, similar to, hypernym, verb group; domain of category, usage, region."""
NAME = re.compile(r"[A-Z0-9]")

Synset = tuple[str, int]
"""Part of speech and offset in that part of speech's file."""


def lines(folder: Path, name: str) -> list[str]:
    """Give the lines of one WordNet file without the licence that opens it."""
    return [line for line in (folder / name).read_text("ascii").splitlines() if not line.startswith("  ")]


def tag_counts(folder: Path) -> dict[tuple[str, str, int], int]:
    """Map (lemma, part of speech, sense rank) to how often that sense was tagged."""
    counts = {}
    for line in lines(folder, "cntlist.rev"):
        key, rank, count = line.split()
        lemma, rest = key.rsplit("%", 1)
        counts[lemma, SENSE_TYPES[rest[0]], int(rank)] = int(count)
    return counts


def synsets(folder: Path) -> dict[Synset, tuple[list[str], dict[str, list[Synset]]]]:
    """Map each synset to its members, as spelt, and its relations."""
    found = {}
    for pos, name in FILES.items():
        for line in lines(folder, f"data.{name}"):
            fields = line.split(" | ")[0].split()
            words, rest = int(fields[3], 16), 4
            members = fields[rest : rest + 2 * words : 2]
            found[pos, int(fields[0])] = (members, relations(fields[rest + 2 * words :]))
    return found


def relations(fields: list[str]) -> dict[str, list[Synset]]:
    """Read the pointers that a synset's line lists: symbol, offset, part of speech, words."""
    found: dict[str, list[Synset]] = defaultdict(list)
    for start in range(1, 1 + 4 * int(fields[0]), 4):
        symbol, offset, pos, _ = fields[start : start + 4]
        target = (pos.replace("s", "a"), int(offset))  # a satellite adjective stands in the file of adjectives
        if symbol in RELATIONS and target not in found[symbol]:
            found[symbol].append(target)
    return found


def table(folder: Path) -> str:
    """Spell the lexicon: synset lines, an empty line, then index lines sorted by lemma and part of speech.

    Synset line: members, separated by spaces; then a tab and, for each relation, its symbol and synset numbers. A
    synset's number is its line. Index line: lemma, part of speech, then ``synset:count`` for each sense in rank order.
    Synsets of names alone are left out, as ``-`` in the index, so that ranks stay what they were.
    """
    every, counts = synsets(folder), tag_counts(folder)
    kept = [key for key, (members, _) in every.items() if not all(NAME.search(member) for member in members)]
    number = {key: place for place, key in enumerate(kept)}
    return "\n".join([*(synset_line(*every[key], number) for key in kept), "", *index_lines(folder, number, counts)])


def synset_line(members: list[str], related: dict[str, list[Synset]], number: dict[Synset, int]) -> str:
    """Spell one synset."""
    links = []
    for symbol in RELATIONS:
        targets = [str(number[key]) for key in related.get(symbol, []) if key in number]
        links += [f"{symbol} {' '.join(targets)}"] if targets else []
    return "\t".join([" ".join(members), *links])


def index_lines(folder: Path, number: dict[Synset, int], counts: dict[tuple[str, str, int], int]) -> list[str]:
    """Spell the senses of every lemma that has any."""
    found = []
    for pos, name in FILES.items():
        for line in lines(folder, f"index.{name}"):
            lemma, *fields = line.split()
            senses = [number.get((pos, int(offset))) for offset in fields[-int(fields[1]) :]]
            if any(sense is not None for sense in senses):
                spelt = [
                    "-" if sense is None else f"{sense}:{counts.get((lemma, pos, rank), 0)}".removesuffix(":0")
                    for rank, sense in enumerate(senses, start=1)
                ]
                found.append("\t".join([lemma, pos, *spelt]))
    return sorted(found)


def main() -> int:
    """Write the table, or with ``--check`` say whether the one in place is what would be written."""
    parser = argparse.ArgumentParser(description="Make watermark/data/lexicon.tsv.xz from WordNet's files.")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--check", action="store_true", help="compare with the table in place, write nothing")
    options = parser.parse_args()
    if not (options.wordnet / "index.noun").is_file():
        print(f"{options.wordnet}: no WordNet here; try apt-get install wordnet-base", file=sys.stderr)
        return 1
    text = table(options.wordnet).encode()
    if options.check:
        same = lzma.decompress(TARGET.read_bytes()) == text
        print("the same" if same else f"{TARGET}: differs; run without --check", file=sys.stdout)
        return 0 if same else 1
    TARGET.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

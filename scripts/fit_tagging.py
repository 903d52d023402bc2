"""How likely does one part of speech follow another, and which is each function word?

Counts both in the training part of a treebank in CoNLL-U and writes ``provenance/language/tags.tsv``, and measures the
lexicon tagger on the development part.

    python scripts/fit_tagging.py --treebank FOLDER [--measure]
"""

from __future__ import annotations

import argparse
import itertools
import lzma
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.language import lexical
from watermark import sites

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = Path(lexical.__file__).with_name("tags.tsv")
NOTE = (
    "# Counts of parts of speech in the training part of UD English EWT (CC BY-SA 4.0), no text; made by "
    "scripts/fit_tagging.py. Shared under the same licence."
)
SURE_ENOUGH = 0.9
LEAST = 4
"""A function word is listed when it was seen this often."""

Row = tuple[str, str, str, int, int]
"""Form, lemma, Penn tag, start, end."""


def sentences(path: Path) -> Iterator[tuple[str, list[Row]]]:
    """Give text and tokens of each sentence; contracted words stand as one token, as ours do."""
    rows: list[Row] = []
    text, position, until, covered = "", 0, 0, ("", 0, 0)
    for line in lzma.decompress(path.read_bytes()).decode().split("\n"):
        fields = line.rstrip("\n").split("\t")
        if line.startswith("# text = "):
            text, rows, position, until = line[9:].rstrip("\n"), [], 0, 0
        elif line.startswith("#"):
            continue
        elif len(fields) == 1:
            yield text, rows
        elif "-" in fields[0]:
            position = text.index(fields[1], position)
            covered, until = (fields[1], position, position + len(fields[1])), int(fields[0].split("-")[1])
            position = covered[2]
        elif fields[0].isdecimal() and int(fields[0]) <= until:
            if int(fields[0]) == until:
                rows.append((covered[0], covered[0], fields[4], covered[1], covered[2]))
        elif fields[0].isdecimal():
            position = text.index(fields[1], position)
            rows.append((fields[1], fields[2], fields[4], position, position + len(fields[1])))
            position += len(fields[1])


def state(row: Row) -> str:
    """Name the state of the tagger's chain that a token stands for."""
    form, lemma, xpos, _, _ = row
    if "'" in form or "’" in form:
        return lexical.contraction(form.casefold())
    if xpos[0] == "V" and lemma in lexical.AUXILIARIES:
        return lexical.AUXILIARIES[lemma]
    if not form[0].isalnum():
        return lexical.mark(form)
    return xpos if xpos in lexical.OPEN or xpos.isalpha() or xpos == "PRP$" else "FW"


def fit(folder: Path) -> str:
    """Count moves between states, and the states of function words."""
    moves: dict[str, Counter[str]] = defaultdict(Counter)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for _, rows in sentences(folder / "train.conllu.xz"):
        path = [lexical.EDGE]
        for row in rows:
            here = state(row)
            seen[row[0].casefold()][here] += 1
            if here not in lexical.MARKS or path[-1] not in lexical.MARKS:
                path.append(here)
        for before, after in itertools.pairwise([*trimmed(path), lexical.EDGE]):
            moves[before][after] += 1
    states = sorted(moves)
    table = [NOTE, "\t".join(["after", *states])]
    table += ["\t".join([before, *(str(moves[before][after]) for after in states)]) for before in states]
    table += [
        "\t".join([word, *(f"{name}:{count}" for name, count in sorted(counts.items()))])
        for word, counts in sorted(seen.items())
        if word.isalpha() and word.isascii() and is_function_word(counts)
    ]
    return "\n".join(table) + "\n"


def trimmed(path: list[str]) -> list[str]:
    """Drop the mark that ends a sentence: the tagger's sentences end at their last word."""
    return path[:-1] if path[-1] in lexical.MARKS else path


def is_function_word(counts: Counter[str]) -> bool:
    """Say whether a word is often seen in a closed class."""
    total, closed = sum(counts.values()), sum(n for name, n in counts.items() if name not in lexical.OPEN)
    return closed >= LEAST and closed >= total / 20


def measure(folder: Path) -> None:
    """Print how often the lexicon tagger commits itself to a content word, and how often it is right."""
    read = sites.default_tagger().read
    totals: Counter[tuple[float, str]] = Counter()
    wrong: Counter[str] = Counter()
    for text, rows in sentences(folder / "dev.conllu.xz"):
        truth = {row[3:]: row for row in rows}
        for token in (token for sentence in read(text) for token in sentence.tokens):
            row = truth.get((token.start, token.end))
            if row is None or row[2] not in lexical.CONTENT or not token.text.islower():
                continue
            for bar in (0.0, 0.8, 0.9, 0.95):
                totals[bar, "all"] += 1
                if token.xpos in lexical.CONTENT and token.certainty >= bar:
                    totals[bar, "said"] += 1
                    totals[bar, "right"] += token.xpos == row[2]
            if token.certainty >= SURE_ENOUGH and token.xpos in lexical.CONTENT and token.xpos != row[2]:
                wrong[f"{token.text} {token.xpos}!={row[2]}"] += 1
    for bar in (0.0, 0.8, 0.9, 0.95):
        said, right = totals[bar, "said"], totals[bar, "right"]
        print(f"certainty >= {bar}: coverage {said / totals[bar, 'all']:.3f}, precision {right / said:.4f}, n {said}")
    print(wrong.most_common(60))


def main() -> None:
    """Write the table, then measure."""
    parser = argparse.ArgumentParser(description="Count parts of speech for the lexicon tagger.")
    parser.add_argument("--treebank", type=Path, required=True, help="folder with train.conllu.xz and dev.conllu.xz")
    parser.add_argument("--measure", action="store_true", help="measure only, write nothing")
    options = parser.parse_args()
    if not options.measure:
        TARGET.write_text(fit(options.treebank), encoding="utf-8")
    measure(options.treebank)


if __name__ == "__main__":
    main()

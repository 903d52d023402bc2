"""What do changed sentences look like?

Marks this project's own prose (README, docs, docstrings) with a key that everyone knows, draws thirty of the changed
sentences by hash, and prints them as a Markdown list for ``docs/wordings.md``: the good ones and the bad.

    python scripts/before_after.py [--number 30] [--seed 0] [--encoder NAME]
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.records import Document
from watermark import encoder, keys, marking
from watermark.fidelity import changes
from watermark.fidelity.draw import Draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watermark.fidelity.changes import Sentence

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("provenance", "watermark", "cli", "scripts", "benchmarks")
PAGES = ("README.md", "docs/custody.md")
SHORTEST = 8
"""Words of a paragraph that is prose."""


def paragraphs() -> Iterator[str]:
    """Give the paragraphs of prose that were written for this project, code and tables left out."""
    sources = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    texts = [text for path in sources for text in _docstrings(path)]
    for text in [*((ROOT / page).read_text("utf-8") for page in PAGES), *texts]:
        for block in re.split(r"\n\s*\n", re.sub(r"```.*?```", "\n\n", text, flags=re.DOTALL)):
            paragraph = " ".join(block.split())
            if paragraph[:1].isupper() and len(paragraph.split()) >= SHORTEST and not re.search(r">>>|::|---", block):
                yield paragraph


def _docstrings(path: Path) -> Iterator[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield text


def drawn(number: int, *, seed: int, reader: str) -> tuple[Sentence, ...]:
    """Mark everything and draw sentences among the changed ones."""
    secret = hashlib.sha256(f"before and after {seed}".encode()).digest()
    texts = dict.fromkeys(paragraphs())
    marked = marking.mark_all(
        [marking.Task(document=Document(id=str(row), text=text)) for row, text in enumerate(texts)],
        key=keys.Key(secret=secret, id="everyone"),
        embedding=marking.Embedding(release="provtool", encoder=reader),
    )
    draw = Draw(release=f"seed {seed}", size=number)
    for document in marked:
        for sentence in changes.in_sentences(document):
            draw.add(sentence)
    return draw.drawn()


def spelt(sentence: Sentence) -> str:
    """Give one sentence, old wordings struck out and new ones in bold with their acceptability."""
    parts = [
        f"~~{change.original}~~ **{change.published}** ({change.acceptability or 0:.2f})" if change else text
        for text, change in sentence.pieces()
    ]
    return " ".join("".join(parts).split())


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description="Print changed sentences of this project's own prose.")
    parser.add_argument("--number", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--encoder", default=encoder.AUTO)
    chosen = parser.parse_args()
    for place, sentence in enumerate(drawn(chosen.number, seed=chosen.seed, reader=chosen.encoder), start=1):
        print(f"{place}. {spelt(sentence)}")


if __name__ == "__main__":
    main()

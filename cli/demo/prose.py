"""Which English prose is already on this machine?

The language reference that ships with Python, and the docstrings of the installed scientific packages and of the
standard library, read from their source files without importing them. Paragraphs only: no code, no tables, no parameter
lists, no paragraph twice.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from provenance import corpora
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGES = ("numpy", "scipy", "sklearn", "pandas", "matplotlib", "torch", "transformers")
SENTENCE = re.compile(r"[A-Z].*[.]\Z")
MIN_WORDS, MIN_LETTERS = 20, 0.92
DOCUMENT_WORDS = 90


def gather(corpus: Path | None, *, characters: int) -> list[str]:
    """Give documents of one or more whole paragraphs, about 90 words each, at least `characters` in all.

    Parameters
    ----------
    corpus
        A corpus of the user's own; None takes what is on this machine.

    Raises
    ------
    InputError
        If there is too little.
    """
    texts = _docstrings() if corpus is None else (entry.document.text for entry in corpora.read(corpora.open(corpus)))
    documents, total = list[str](), 0
    for document in _joined(_paragraphs(texts)):
        documents.append(document)
        total += len(document)
        if total >= characters:
            return documents
    raise InputError(
        f"only {total:,} characters of prose were found",
        path=corpus,
        expected=f"at least {characters:,} for the demo",
        hint="provtool demo --corpus FILE with more text",
    )


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    seen = set[str]()
    for text in texts:
        for block in re.split(r"\n\s*\n", text):
            paragraph = " ".join(block.split())
            if paragraph not in seen and _is_prose(paragraph):
                seen.add(paragraph)
                yield paragraph


def _is_prose(paragraph: str) -> bool:
    if len(paragraph.split()) < MIN_WORDS or ">>>" in paragraph or not SENTENCE.match(paragraph):
        return False
    return sum(letter.isalpha() or letter == " " for letter in paragraph) >= MIN_LETTERS * len(paragraph)


def _joined(paragraphs: Iterable[str]) -> Iterator[str]:
    pending, words = list[str](), 0
    for paragraph in paragraphs:
        pending.append(paragraph)
        words += len(paragraph.split())
        if words >= DOCUMENT_WORDS:
            yield "\n\n".join(pending)
            pending, words = [], 0


def _docstrings() -> Iterator[str]:
    import pydoc_data.topics

    yield from pydoc_data.topics.topics.values()
    specs = [importlib.util.find_spec(package) for package in PACKAGES]
    folders = [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]
    for folder in [*folders, Path(sysconfig.get_paths()["stdlib"])]:
        for path in sorted(folder.rglob("*.py")):
            inside = path.relative_to(folder).as_posix()
            if "test" not in inside and "site-packages" not in inside:
                yield from _of_file(path)


def _of_file(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and (text := ast.get_docstring(node)):
            yield text

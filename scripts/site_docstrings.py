"""Docstrings as the site shows them: examples are blocks of code, and no literal block leaves its colons behind."""

from __future__ import annotations

import re
from typing import Any

import griffe

SESSION = re.compile(r"^>>> .*\n(?:\S.*(?:\n|\Z))*", re.MULTILINE)
COLONS = re.compile(r"^(.*)::$", re.MULTILINE)


class Spelt(griffe.Extension):
    """Spell docstrings as Markdown wherever they say it in reStructuredText."""

    def on_module(self, *, mod: griffe.Module, **_: Any) -> None:
        """Change the docstring of a module, which may hold a session outside any section of examples."""
        if mod.docstring:
            mod.docstring.value = fenced(colons(mod.docstring.value))

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Change the docstring of a class."""
        if cls.docstring:
            cls.docstring.value = colons(cls.docstring.value)

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Change the docstring of a function."""
        if func.docstring:
            func.docstring.value = colons(func.docstring.value)


def colons(text: str) -> str:
    """Take away the second colon before a block, or both where they stand alone."""
    return COLONS.sub(lambda found: f"{found[1]}:" if found[1].strip() else "", text)


def fenced(text: str) -> str:
    """Put every session of the interpreter between fences."""
    return SESSION.sub(lambda found: f"```pycon\n{found.group().rstrip()}\n```\n", text)

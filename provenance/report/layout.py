"""What do all our pages share: one look, tables that fit narrow screens, and text that stays text?

A template says ``{% from "provenance.report:sheet.html.j2" import sheet %}`` for the table, and ``{{ style }}`` where
the stylesheet goes.
"""

from __future__ import annotations

import unicodedata
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories of what a reader cannot see, such as marks that turn the direction of writing."""
ALLOWED = {"\n", "\t"}


def fill(template: str, **values: Any) -> str:
    """Fill a template in; whatever stands in the values is escaped, and shown where it could not be seen.

    Parameters
    ----------
    template
        Package and file, such as ``provenance.report:page.html.j2``.
    """
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=visible,
        loader=FunctionLoader(_read),
    )
    return environment.get_template(template).render(style=stylesheet("provenance.report:page.css"), **values) + "\n"


def stylesheet(name: str) -> Markup:
    """Give a stylesheet of ours, named as templates are."""
    return Markup(_read(name))  # noqa: S704 (our own file)


def visible(value: Any) -> Any:
    """Replace what a reader cannot see by its code, so that no text on the page looks like what it is not."""
    if not isinstance(value, str) or value.isprintable():
        return value
    shown = "".join(f"⟨U+{ord(c):04X}⟩" if _is_hidden(c) else c for c in value)
    return Markup(shown) if isinstance(value, Markup) else shown  # noqa: S704 (it was safe before)


def _is_hidden(character: str) -> bool:
    return character not in ALLOWED and unicodedata.category(character) in HIDDEN


def _read(name: str) -> str:
    package, file = name.split(":")
    return files(package).joinpath(file).read_text(encoding="utf-8")

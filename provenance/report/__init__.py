"""Lay evidence out so that a court, a regulator or a board can read it.

One page and one JSON, or one text in Markdown, from any number of evidence files::

    from provenance import evidence, report

    sources = [report.source(path) for path in ("order.json", "watermark.json")]
    page = report.render([evidence.read(source.name) for source in sources], sources=sources)
    report.write("report.html", page)  # and report.json beside it

The page needs nothing but itself: no script, no font, no image from elsewhere. It leads with what was found once all
questions are weighed together (Holm), says it in plain words, and says what it does not show. The same evidence gives
the same bytes, so that a page can be checked by making it again.

How the modules share the work: `admission` refuses what is no sound evidence, `family` decides the adjusted verdicts,
`wording` says them in words, with the `names` of quantities, `tables` and `figures` in numbers and pictures; `page`
puts them together on the `layout` that all our pages share, and `markdown` does without pictures.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenance.report.family import Source, source
    from provenance.report.page import Form, Report, render, text, write

__all__ = ["Form", "Report", "Source", "render", "source", "text", "write"]


def __getattr__(name: str) -> Any:
    """Import matplotlib and jinja2 only when a report is made."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "family" if name in {"Source", "source"} else "page"
    return getattr(import_module(f"{__name__}.{module}"), name)

"""How is the page said in Markdown, for an e-mail, a pull request or a ticket?

The same sentences and tables in the same order; figures are only on the page. Whatever came from outside is escaped, so
that a name cannot become a link, a picture or a heading.
"""

from __future__ import annotations

import html
import math
import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from provenance import artifacts
from provenance.report import layout, numbers, signals, tables, wording
from provenance.report.questions import question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.report.family import Family, Finding
    from provenance.report.tables import Sheet
    from provenance.report.wording import Meaning

SUP = re.compile(r"<sup>(.*?)</sup>")
BREAK, TAG, CODE = re.compile(r"<br>"), re.compile(r"<[^>]*>"), re.compile(r"<code>(.*?)</code>")
SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def render(family: Family, *, together: Sequence[str]) -> str:
    """Say in Markdown what the page says; ends with a line break.

    Parameters
    ----------
    together
        What several findings about one suspect amount to.
    """
    lines = [f"# {plain(wording.heading(family))}", ""]
    if family.size > 1:
        lines += [*_sheet(tables.overview(family)), *_meaning(wording.of_family(family))]
        lines += [part for sentence in together for part in (plain(sentence), "")]
    for number, finding in enumerate(family.findings, start=1):
        lines += _section(finding, family, number)
    level = plain(numbers.rarity(math.log10(family.alpha)))
    lines += ["---", "", f"Evidence: the adjusted p-value is {level} or smaller and every check passed."]
    return "\n".join([*lines, f"Made by {plain(artifacts.TOOL)}.", ""])


def plain(value: Any) -> str:
    """Turn text or `Markup` into a line of Markdown that says the same."""
    shown = layout.visible(value if isinstance(value, Markup) else Markup.escape(str(value)))
    raised = SUP.sub(lambda match: match[1].replace(",", "").translate(numbers.RAISED), str(shown))
    pieces = CODE.split(BREAK.sub("; ", raised))
    return "".join(f"`{html.unescape(piece)}`" if odd % 2 else _escaped(piece) for odd, piece in enumerate(pieces))


def _escaped(piece: str) -> str:
    return SPECIAL.sub(r"\\\1", " ".join(html.unescape(TAG.sub("", piece)).split("\n")))


def _section(finding: Finding, family: Family, number: int) -> Iterator[str]:
    evidence = finding.evidence
    lead = f"{number}. " if len(family.findings) > 1 else ""
    yield from (f"## {lead}{plain(question(evidence).title)}: {wording.LABELS[finding.verdict]}", "")
    yield from (f"Suspect: {plain(tables.suspect(evidence))}", "")
    if alone := wording.alone(finding, family=family):
        yield from (f"> {plain(alone)}", "")
    yield from _meaning(wording.of_finding(finding, family=family))
    yield from (f"**Claim, as tested.** {plain(evidence.claim)}", "")
    yield from (f"**What chance means here.** {plain(evidence.null)}", "")
    yield from (f"**Fixed beforehand?** {' '.join(map(plain, wording.fixed(evidence)))}", "")
    sheets = (tables.figures(finding, family=family), tables.methods(evidence), tables.found(evidence))
    later = (signals.signals(evidence), tables.gates(evidence), tables.inputs(finding), tables.models(evidence))
    for sheet in (*sheets, *later, *([tables.plan(evidence.plan)] if evidence.plan else ())):
        yield from _titled(sheet)
    yield from ("**Caveats**", "", *(f"- {plain(caveat)}" for caveat in evidence.caveats or ("none",)), "")
    command = tables.commands(finding, told=signals.options(evidence))
    yield from ("**How to run it again**", "", "```sh", command, "```", "")


def _meaning(meaning: Meaning) -> Iterator[str]:
    yield from (f"**What was asked.** {plain(meaning.asked)}", "")
    yield from (f"**What was found.** {plain(meaning.found)}", "")
    yield from (f"**How sure.** {' '.join(map(plain, meaning.sure))}", "")
    yield from ("**What this does not show**", "", *(f"- {plain(limit)}" for limit in meaning.limits), "")


def _titled(sheet: Sheet) -> Iterator[str]:
    if sheet.rows:
        yield from (f"**{plain(sheet.name)}**", "", *_sheet(sheet))


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f"| {' | '.join(map(plain, sheet.head))} |"
    yield f"|{'---|' * len(sheet.head)}"
    for row in sheet.rows:
        yield f"| {' | '.join(map(plain, row))} |"
    yield ""

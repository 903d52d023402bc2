"""How is evidence laid out for readers from the command line?"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import terminal
from provenance import evidence, report
from provenance.storage import parse_json

if TYPE_CHECKING:
    from provenance.evidence import Evidence
    from provenance.report import Source

STREAM = "-"
FORMS: dict[str, report.Form] = {".md": "md", ".json": "json"}
"""What a name asks for by how it ends."""


@click.command()
@click.argument("evidence_files", metavar="EVIDENCE...", nargs=-1, required=True)
@click.option("--out", required=True, metavar="R.html", help="Page to write, R.json beside it; - is stdout, page only.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "md", "json"]),
    help="A page, the same in Markdown without figures, or JSON for machines.  [default: as --out ends, else html]",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=evidence.DEFAULT_ALPHA,
    show_default=True,
    help="Level that a p-value, adjusted for the number of questions, must reach.",
)
def command(evidence_files: tuple[str, ...], out: str, form: report.Form | None, alpha: float) -> dict[str, Any]:
    """Lay evidence out as one page for people who decide, and one JSON for machines.

    Every EVIDENCE is a JSON file that an audit wrote; - reads one from stdin. All of them form one family: p-values are
    adjusted for their number by Holm's method, and the verdicts are those after adjustment.

    \b
    Examples:
      provtool report order.json watermark.json --out report.html
      provtool report order.json --format md --out -
    """
    exhibits = [_read(name) for name in evidence_files]
    page = report.render([given for given, _ in exhibits], alpha=alpha, sources=[source for _, source in exhibits])
    chosen = form or FORMS.get(Path(out).suffix, "html")
    written = () if out == STREAM else report.write(out, page, form=chosen)
    for line in page.summary:
        terminal.say(line)
    if written:
        terminal.say(f"report: {out}" + "".join(f" (and {path})" for path in written[1:]))
    else:
        click.echo(report.text(page, chosen), nl=False)
    return page.document


def _read(name: str) -> tuple[Evidence, Source]:
    if name != STREAM:
        return evidence.read(name), report.source(name)
    data = sys.stdin.buffer.read()
    value = parse_json(data.decode(errors="surrogateescape"), schema=evidence.SCHEMA, path="<stdin>")
    source = report.Source(name="<stdin>", sha256=hashlib.sha256(data).hexdigest())
    return evidence.from_json(value, path="<stdin>"), source

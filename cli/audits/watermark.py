"""``provtool audit watermark``: was a model trained on a marked release?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import findings, options
from cli.audits import asking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenance.evidence import Evidence
    from provenance.scoring import Scores


@click.command("watermark")
@click.argument("ledgers", metavar="LEDGER…", type=options.PATH, nargs=-1, required=True)
@click.option("--key", "key_path", type=options.PATH, help="Deal every choice again with this key and compare.")
@options.planned
@options.audit
def command(ledgers: tuple[Path, ...], key_path: Path | None, **how: Any) -> None:
    """Ask whether a model was trained on the release that LEDGER records.

    \b
    Examples:
      provtool audit watermark marked/ledger.parquet --key release.key --suspect ./their-model
      provtool audit watermark marked/ledger.parquet --suspect ./model --reference ./other --json
    """
    from cli import sources
    from watermark import detection, keys, ledger

    key = keys.load(key_path) if key_path else None
    books = [ledger.read(path) for path in ledgers]
    for book in books:
        ledger.check_exact(book)
        if key is not None:
            ledger.check_deals(book, key)
    found = findings.commitments(ledgers, how)

    def judge(scores: Scores, references: Sequence[Scores], settings: dict[str, Any]) -> Evidence:
        return detection.audit(books, scores, references=references, key=key, commitments=found, **settings)

    asking.run("watermark", sources.of_ledgers(books), judge, beside=ledgers[0], how=how)

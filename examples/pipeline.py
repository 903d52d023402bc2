"""Gate a pipeline on a verdict: no checkpoint is promoted that has read our evaluation documents.

The evaluation documents were marked before anybody saw them (``provtool watermark``), and only marked copies are used.
A checkpoint that finds the published wordings likelier than their alternates has been trained on them, and its scores
on them mean nothing::

    python examples/pipeline.py evaluation/ledger.parquet --key release.key --suspect hf:./checkpoint --out gate.json

It exits with 0 where the pipeline may go on and with 3 where it must stop. An audit that could not tell stops it too: a
gate that opens when it is broken is none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import provenance
import watermark
from provenance import evidence
from watermark import keys, ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance import Evidence

GO, STOP = 0, 3


def ask(ledger_path: Path, key_path: Path, *, suspect: str, references: Sequence[str] = ()) -> Evidence:
    """Ask whether a suspect was trained on the release that a ledger records."""
    book, key = ledger.read(ledger_path), keys.load(key_path)
    about = {"ledger": book.sha256}
    found = provenance.score(ledger.records(book), suspect=suspect, inputs=about)
    others = [provenance.score(ledger.records(book), suspect=name, inputs=about) for name in references]
    return watermark.audit(book, found, references=others, key=key)


def decide(found: Evidence) -> int:
    """Say whether the pipeline may go on: only where the audit was sound and found nothing."""
    return GO if found.verdict == "no-evidence" else STOP


def explain(found: Evidence) -> str:
    """Say in one line why."""
    failed = [gate.detail for gate in found.gates if not gate.passed]
    return f"{found.verdict}: p = {found.pvalue:.2g} over {found.n} documents{''.join('; ' + why for why in failed)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, keep the evidence, and give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--suspect", required=True)
    parser.add_argument("--reference", action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        found = ask(given.ledger, given.key, suspect=given.suspect, references=given.reference)
    except provenance.ProvenanceError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    evidence.write(given.out, found)
    print(explain(found))
    return decide(found)


if __name__ == "__main__":
    sys.exit(main())

"""How fast is the overlap audit's scan, and how much text does it need?

    python benchmarks/overlap.py [--json] [--corpus FILE] [--positions 10000000] [--tokens 200000] [--only speed|text]

Speed: a transcript of some million positions passes by the n-grams of a text; infini-gram indexes the same transcript
and counts the same n-grams. Seconds are the processor's, on one core.

Text: a small model is trained in a recorded order, another on the same rows in an order of its own; both write, and
what they wrote is audited against the recorded order, at several lengths. Texts of the independent model are null.

The corpus is plain text (also .xz), documents apart by blank lines or ``<|endoftext|>``; by default Python's own
language reference, which every Python brings along.
"""

from __future__ import annotations

import argparse
import json
import lzma
import pydoc_data.topics
import re
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

from overlapping import descendants, speed

PARTS = ("speed", "text")


def main() -> None:
    """Measure and print."""
    asked = _arguments()
    texts = _texts(asked.corpus)
    settings = descendants.Settings(**{one.name: getattr(asked, one.name) for one in fields(descendants.Settings)})
    figures: dict[str, Any] = {"corpus": str(asked.corpus or "prose on this machine")}
    with tempfile.TemporaryDirectory() as name:
        if "speed" in asked.only:
            words = re.findall(r"\w+|[^\w\s]", " ".join(texts))
            figures["speed"] = speed.measure(words, positions=asked.positions, folder=Path(name))
        if "text" in asked.only:
            figures["settings"] = descendants.described(settings)
            figures["rows"] = list(descendants.measure(texts, settings, folder=Path(name)))
    print(json.dumps(figures, indent=2) if asked.json else _table(figures))


def _texts(corpus: Path | None) -> list[str]:
    if corpus is None:
        return [pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics)]
    raw = (lzma.decompress(corpus.read_bytes()) if corpus.suffix == ".xz" else corpus.read_bytes()).decode()
    return [text.strip() for text in re.split(r"<\|endoftext\|>|\n\s*\n", raw) if text.strip()]


def _table(figures: dict[str, Any]) -> str:
    lines = [f"{name:32} {value:>16,.2f}" for name, value in figures.get("speed", {}).items()]
    lines += [f"{name:32} {value:>16}" for name, value in figures.get("settings", {}).items()]
    for row in figures.get("rows", ()):
        lines.append(
            f"{row['wrote']:12} {row['tokens']:>8,} tokens  {row['verdict']:12} p = {row['pvalue']:<8.3g} "
            f"tail 10^{row['asymptotic_log10_pvalue']:<7.1f} E 10^{row['log10_evalue']:<6.1f} ρ {row['rho']:+.3f} "
            f"{row['statistic']}"
        )
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="prose to scan and to train on")
    parser.add_argument("--positions", type=int, default=10_000_000, help="positions of the transcript that is scanned")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="only this part")
    for one in fields(descendants.Settings):
        parser.add_argument(f"--{one.name.replace('_', '-')}", type=type(one.default), default=one.default)
    return parser.parse_args()


if __name__ == "__main__":
    main()

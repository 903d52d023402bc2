"""One finding of every kind of audit, made in a minute from a toy world: for pictures, and for tests in a browser.

Usage: python scripts/exhibits.py FOLDER

The world is a run that consumed made sentences in a shuffled order. Its counting models are the suspects: one that read
the end of the run, one that read all of it, one that read a marked release. All commands are those of a user.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
from pathlib import Path

from cli import main as command
from provenance.audits.membership import pools
from watermark import keys

SUBJECTS = ("the harbour master", "an old pilot", "the young baker", "the town council", "a tired teacher")
VERBS = ("decided to buy", "wanted to repair", "began to paint", "hoped to select", "refused to discuss")
OBJECTS = ("a large boat", "the big house", "a quick answer", "the important story", "an ancient road")
WHENS = ("before the first snow", "after a difficult winter", "because visitors often came")
SYLLABLES = ("ka", "lo", "mi", "ster", "brin", "de", "val", "tor", "u", "nes", "phi", "ga")
ROWS, DOCUMENTS = 600, 240


def main() -> None:
    """Make the world, ask every question, and lay all findings out."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    world(folder, random.Random(0))  # noqa: S311 (made text, no secret)
    for name in (recorded, released, members, descendants):
        name(folder)
    found = sorted(path.name for path in folder.glob("*.evidence.json"))
    provtool(folder, "report", *found, "--out", "report.html")


def world(folder: Path, rng: random.Random) -> None:
    """Write the run, the corpus to be marked, and the two sides of a drawn split."""
    run = [{"id": f"row-{i}", "position": i, "text": passage(rng)} for i in range(ROWS)]
    lines(folder / "run.jsonl", run)
    lines(folder / "late.jsonl", run[-ROWS // 3 :])
    lines(folder / "articles.jsonl", [{"id": f"article-{i}", "text": passage(rng)} for i in range(DOCUMENTS)])


def recorded(folder: Path) -> None:
    """Ask who derives from the run: a model of its end, and one of all of it; once with too few resamples."""
    provtool(folder, "transcript", "import", "run.jsonl", "--shuffle", "full", "--out", "run.parquet")
    provtool(folder, "commit", "run.parquet")
    for name, source in (("late", "late.jsonl"), ("all", "run.parquet")):
        provtool(folder, "ngram", source, "--order", "9", "--out", f"{name}.parquet")
    asked = ("audit", "order", "run.parquet", "--window", "4:300")
    for name, suspect, more in (("1", "late", ()), ("2", "all", ()), ("3", "late", ("--resamples", "99"))):
        out = f"{name}-order.evidence.json"
        provtool(folder, *asked, "--suspect", f"ngram:{suspect}.parquet", *more, "--out", out)


def released(folder: Path) -> None:
    """Mark a corpus; ask a model that read it, and a text that was taken from it."""
    keys.keep(bytes(range(keys.BYTES)), folder / "toy.key")  # a toy: a real key is drawn
    provtool(folder, "watermark", "articles.jsonl", "--key", "toy.key", "--out", "marked", "--encoder", "none")
    provtool(folder, "ngram", "marked/release/articles.jsonl", "--order", "9", "--out", "read.parquet")
    asked = ("audit", "watermark", "marked/ledger.parquet", "--suspect", "ngram:read.parquet")
    provtool(folder, *asked, "--out", "4-watermark.evidence.json")
    leaked = (folder / "marked/release/articles.jsonl").read_text().splitlines()[:60]
    (folder / "leaked.txt").write_text("\n".join(json.loads(line)["text"] for line in leaked) + "\n")
    provtool(folder, "audit", "trace", "marked/ledger.parquet", "leaked.txt", "--out", "5-trace.evidence.json")


def members(folder: Path) -> None:
    """Draw who becomes a member, and ask a model of the members."""
    rows = [json.loads(line) for line in (folder / "articles.jsonl").read_text().splitlines()]
    drawn = pools.split([row["id"] for row in rows], seed=1)
    lines(folder / "members.jsonl", [row for row, chosen in zip(rows, drawn, strict=True) if chosen])
    lines(folder / "nonmembers.jsonl", [row for row, chosen in zip(rows, drawn, strict=True) if not chosen])
    provtool(folder, "ngram", "members.jsonl", "--order", "9", "--out", "members.parquet")
    asked = ("audit", "membership", "members.jsonl", "nonmembers.jsonl", "--split-seed", "1")
    provtool(folder, *asked, "--suspect", "ngram:members.parquet", "--out", "6-membership.evidence.json")


def descendants(folder: Path) -> None:
    """Ask of a text whether it leans towards the end of the run, and whether re-runs say so."""
    late = [json.loads(line)["text"] for line in (folder / "late.jsonl").read_text().splitlines()]
    (folder / "theirs.txt").write_text("\n".join(late[::3]) + "\n")
    provtool(folder, "audit", "overlap", "run.parquet", "theirs.txt", "--out", "7-overlap.evidence.json")
    for number in range(20):
        rows = random.Random(number).sample(late, len(late) // 2) if number else late  # noqa: S311
        lines(folder / f"rerun-{number}.jsonl", [{"text": text} for text in rows])
        provtool(folder, "ngram", f"rerun-{number}.jsonl", "--order", "9", "--out", f"rerun-{number}.parquet")
    others = [part for number in range(1, 20) for part in ("--rerun", f"ngram:rerun-{number}.parquet")]
    asked = ("audit", "reshuffle", "theirs.txt", "--run", "ngram:rerun-0.parquet", *others, "--alpha", "0.05")
    provtool(folder, *asked, "--out", "8-reshuffle.evidence.json")


def passage(rng: random.Random) -> str:
    """Write four sentences."""
    return " ".join(sentence(rng) for _ in range(4))


def sentence(rng: random.Random) -> str:
    """Write one sentence."""
    said = " ".join(rng.choice(part) for part in (SUBJECTS, VERBS, OBJECTS, WHENS))
    place = "".join(rng.choice(SYLLABLES) for _ in range(4))
    return f"{said[0].upper()}{said[1:]} in {place.title()}."


def lines(path: Path, rows: list[dict[str, object]]) -> None:
    """Write JSON, one row a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def provtool(folder: Path, *arguments: str) -> None:
    """Run a command as a user would."""
    with contextlib.chdir(folder):
        command.main(arguments)


if __name__ == "__main__":
    main()

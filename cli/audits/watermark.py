"""``provtool audit watermark``: was a model trained on a marked release?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cli import bundling, findings, options, reading
from cli.audits import asking, planned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenance.audits.stopping import Ask, Early
    from provenance.evidence import Commitment, Evidence
    from provenance.scoring import Scores
    from watermark.keys import Key
    from watermark.ledger import Ledger
    from watermark.queries import Name


@click.command("watermark")
@click.argument("ledgers", metavar="LEDGER…", type=reading.PATH, nargs=-1, required=True)
@click.option("--key", "key_path", type=reading.PATH, help="Deal every choice again with this key and compare.")
@click.option(
    "--release",
    "releases",
    metavar="DIR",
    type=reading.PATH,
    multiple=True,
    help="What was published, one for each LEDGER: documents edited since count against the claim.",
)
@click.option(
    "--queries",
    metavar="N",
    type=click.IntRange(2),
    help="Ask at most N texts of each copy: documents first, more alternates second.  [default: all]",
)
@options.stop_early
@planned.add
@options.audit
def command(ledgers: tuple[Path, ...], key_path: Path | None, releases: tuple[Path, ...], **how: Any) -> None:
    """Ask whether a model was trained on the release that LEDGER records.

    Ledgers of several recipients are several claims, one evidence each: every copy is compared with its own alternates.

    \b
    Examples:
      provtool audit watermark marked/ledger.parquet --key release.key --suspect ./their-model
      provtool audit watermark marked/ledger.parquet --suspect ./model --queries 2000 --stop-early
      provtool audit watermark acme/ledger.parquet globex/ledger.parquet --suspect ./model
    """
    from cli import sources
    from watermark import bundled, copies, dealing, edits, keys, ledger, queries

    if releases and len(releases) != len(ledgers):
        raise click.UsageError(f"{len(releases)} --release for {len(ledgers)} ledgers: give one each, in their order")
    key = keys.load(key_path) if key_path else None
    read = [ledger.read(path) for path in ledgers]
    books = copies.apart(read)
    for book in books:
        dealing.check_exact(book)
        if key is not None:
            dealing.check_deals(book, key)
    groups = copies.by_recipient(books)
    _check_usage(how, claims=len(groups))
    asked = [queries.choose(own, most=how["queries"], seed=how["seed"]) for own in groups.values()]
    records = (record for own, one in zip(groups.values(), asked, strict=True) for record in queries.records(own, one))
    source = sources.of_ledgers(read, records=records)
    edited: frozenset[Name] = frozenset().union(*map(edits.find, books, releases))
    court = _Court(
        books=books,
        key=key,
        commitments=findings.commitments(ledgers, how),
        most=how["queries"],
        edited=edited,
    )
    questions = [
        court.question(own, about=bundled.about(recipient) if len(groups) > 1 else "")
        for recipient, own in groups.items()
    ]
    parcel = bundling.Parcel(
        sources=dict(zip((book.sha256 for book in read), ledgers, strict=True)), settings={"edited": sorted(edited)}
    )
    asking.run_each("watermark", source, questions, place=asking.Place(beside=ledgers[0], parcel=parcel), how=how)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Court:
    """What every claim about these ledgers is judged by."""

    books: tuple[Ledger, ...]
    key: Key | None
    commitments: tuple[Commitment, ...]
    most: int | None
    edited: frozenset[Name]

    def question(self, own: tuple[Ledger, ...], *, about: str) -> asking.Question:
        """Ask about the copies of one recipient."""
        from watermark import detection, recipients

        chosen: dict[str, Any] = {"most": self.most, "edited": self.edited}

        def judge(scores: Scores, references: Sequence[Scores], settings: dict[str, Any]) -> Evidence:
            found = detection.audit(
                own, scores, references=references, key=self.key, commitments=self.commitments, **chosen, **settings
            )
            return recipients.screened(found, own, self.books, scores=scores)

        def walk(ask: Ask, _window: str | None, settings: dict[str, Any]) -> Early:
            return detection.ask_early(own, ask, alpha=settings["alpha"], seed=settings["seed"], **chosen)

        return asking.Question(judge=judge, walk=walk, about=about)


def _check_usage(how: dict[str, Any], *, claims: int) -> None:
    for name in ("plan", "labels"):
        if claims > 1 and how[name]:
            raise click.UsageError(f"--{name.removesuffix('s')} is for one claim, and these ledgers are of {claims}")

"""``provtool audit overlap``: was a text written by a descendant of a recorded run?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from cli import bundling, findings, options, reading, streams, terminal

if TYPE_CHECKING:
    from pathlib import Path

MAX_NGRAM, MAX_DF = 8, 100


@click.command("overlap")
@click.argument("transcript", type=reading.PATH)
@click.argument("texts", type=reading.PATH)
@click.option(
    "--max-ngram",
    type=click.IntRange(1, 64),
    default=MAX_NGRAM,
    show_default=True,
    help="Length of the longest n-gram looked for.",
)
@click.option(
    "--max-df",
    type=click.IntRange(1),
    default=MAX_DF,
    show_default=True,
    help="An n-gram that more training examples hold does not count.",
)
@click.option(
    "--weight",
    type=click.Choice(["relative", "longest"]),
    default="relative",
    show_default=True,
    help="Each n-gram by how much more often the texts have it, or the longest at each place, as published.",
)
@options.fields
@options.verdict()
def command(transcript: Path, texts: Path, text_field: str, id_field: str | None, **how: Any) -> None:
    """Ask whether TEXTS were written by a descendant of the run that TRANSCRIPT records.

    A model writes best what it read last. TEXTS, some hundred thousand words or more, is a text file, a folder, or any
    corpus; - is standard input. No model is asked, and the transcript needs no index: it passes by once.

    \b
    Examples:
      provtool audit overlap run.parquet their-texts.jsonl
      provtool audit overlap run.parquet scraped/ --max-df 1000 --out overlap.json
    """
    from provenance import corpora
    from provenance.audits import overlap
    from provenance.audits.overlap import holding

    place, committed = how["out"] or _place(transcript, texts), findings.commitments([transcript], how)
    bundling.check(how, [transcript, texts])
    settings = {key: how[key] for key in ("alpha", "resamples", "seed")}
    counting = {key: how[key] for key in ("max_ngram", "max_df", "weight")}
    with (
        streams.readable(texts, prose=True) as copy,
        terminal.progress(f"scanning {transcript}", unit="rows") as report,
    ):
        found = overlap.audit(
            transcript,
            corpora.open(copy, text_field=text_field, id_field=id_field),
            name=str(texts),
            counting=holding.Counting(**counting),
            commitments=committed,
            progress=report,
            **settings,
        )
    verdict = findings.conclude(found, place, how=how, several=False)
    sources = {found.inputs["transcript"]: transcript, found.inputs["texts"]: texts}
    told = {**counting, "text_field": text_field, "id_field": id_field}
    bundling.leave([(found, "")], bundling.Parcel(sources=sources, settings=told), answers=(), how=how)
    findings.finish([verdict], [place], how=how)


def _place(transcript: Path, texts: Path) -> Path:
    """Name the evidence beside the transcript and after the texts."""
    short = re.sub(r"[^\w.-]+", "-", texts.name.partition(".")[0]).strip("-.") or "texts"
    return transcript.with_name(f"{transcript.stem}.overlap.{short}.json")

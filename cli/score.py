"""``provtool score``: ask a suspect how likely each token is."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from cli import answers, meant, options, reading, streams, terminal

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.records import Window
    from provenance.unfinished import Share


@click.command()
@click.argument("records", metavar="RECORDS…", type=reading.PATH, nargs=-1, required=True)
@click.option(
    "--suspect",
    "suspect_name",
    required=True,
    shell_complete=meant.suspect,
    help="hf:NAME_OR_PATH[@REV], openai:URL#MODEL, ngram:FILE or column:FILE:NAME.",
)
@click.option("--out", type=reading.PATH, required=True, help="Scores table.")
@options.window
@options.model
@options.running
@click.option(
    "--shard",
    "share",
    type=reading.PART,
    help="Ask one of N parts, beside other runs with the same --out; the last to end makes the table.",
)
@click.option("--dry-run", is_flag=True, help="Say what it would take, and stop.")
@click.option("--text-field", default="text", show_default=True, help="Field or column with a corpus's text.")
@click.option("--id-field", help="Field with a corpus's id.")
def command(  # noqa: PLR0917 (click hands every option over by name)
    records: tuple[Path, ...],
    suspect_name: str,
    out: Path,
    window: Window | None,
    text_field: str,
    id_field: str | None,
    share: Share | None,
    **how: Any,
) -> dict[str, Any]:
    """Ask a suspect how likely each token of RECORDS is: a transcript, ledgers, or corpora.

    Scores are kept, so that audits never ask the model twice. What is cut short goes on with the same command.

    \b
    Examples:
      provtool score run.parquet --suspect ./model --out model.scores.parquet
      provtool score marked/ledger.parquet --suspect hf:EleutherAI/pythia-1b --out theirs.parquet
      provtool score run.parquet --suspect ./model --out model.scores.parquet --dry-run
    """
    from cli import sources

    if share and str(out) == streams.STREAM:
        raise click.UsageError("runs that share the work meet in a file: give --out FILE with --shard")
    with contextlib.ExitStack() as stack:
        paths = [stack.enter_context(streams.readable(path)) for path in records]
        given = sources.read(paths, text_field=text_field, id_field=id_field).asked_of([suspect_name])
        target = stack.enter_context(streams.writable(out, suffix=".parquet"))
        running = answers.running(how, share=share, lasting=target == out)
        done = answers.get(suspect_name, given, out=target, window=window or given.window, how=running)
    if done.asked:
        terminal.say(f"{len(done.asked.records):,} texts scored as {done.asked.rendering} in {out}")
        return {"out": str(out), "texts": len(done.asked.records), "scored_as": done.asked.rendering}
    if done.expected:
        return {"dry_run": asdict(done.expected)}
    return {"out": None, "shards_left": done.shards_left}

"""``provtool sample``: have a suspect write texts for the audits of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import answers, meant, options, reading, streams, terminal

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.sampling import Prompt


@click.command()
@click.option(
    "--suspect",
    required=True,
    shell_complete=meant.suspect,
    help="hf:NAME_OR_PATH[@REV], openai:URL#MODEL or text-only:URL#MODEL.",
)
@click.option("--tokens", type=click.IntRange(1), required=True, help="Write until the texts have so many together.")
@click.option("--out", type=reading.PATH, required=True, help="Texts, as JSON lines.")
@click.option(
    "--prompts", "source", metavar="FILE", type=reading.PATH, help="Begin like these: a corpus, or a transcript."
)
@click.option(
    "--prompt-length", type=click.IntRange(1), default=32, show_default=True, help="Tokens or words of a prompt."
)
@click.option("--length", type=click.IntRange(1), default=256, show_default=True, help="Tokens of a text at most.")
@click.option(
    "--temperature", type=click.FloatRange(0, 10), default=1.0, show_default=True, help="0 takes the likeliest."
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Draw from so much of the probability alone.",
)
@click.option("--seed", type=reading.SEED, default=0, show_default=True, help="Names the texts.")
@click.option("--text-field", default="text", show_default=True, help="Field or column with the text of --prompts.")
@options.model
def command(suspect: str, tokens: int, out: Path, source: Path | None, seed: int, **how: Any) -> dict[str, Any]:
    """Have a suspect write texts, which audit overlap, trace and reshuffle can read.

    The texts are without their prompts. What is cut short goes on with the same command; who wrote, and how, stands
    in OUT.sampling.json. Chat services are asked by an --instruction.

    \b
    Examples:
      provtool sample --suspect ./their-model --tokens 20000 --out theirs.jsonl
      provtool sample --suspect text-only:http://host/v1#m --tokens 20000 --out t.jsonl
      provtool audit overlap run.parquet theirs.jsonl
    """
    from provenance import sampling
    from provenance.suspects import writers

    begun = _prompts(source, how)
    manuscript = writers.Manuscript(length=how["length"], temperature=how["temperature"], top_p=how["top_p"])
    writer = writers.load(suspect, **{name: how[name] for name in answers.LOADING})
    with (
        streams.writable(out, suffix=".jsonl") as target,
        answers.kept(lambda: () if str(out) == streams.STREAM else [out.with_name(f"{out.name}.part")]),
        terminal.progress(f"{suspect} writes", unit="tokens") as report,
    ):
        done = sampling.sample(
            writer, tokens=tokens, out=target, how=manuscript, prompts=begun, seed=seed, progress=report
        )
    where = "" if str(out) == streams.STREAM else f" in {out}; how they were written: {out}.sampling.json"
    terminal.say(f"{done.texts:,} texts of {done.tokens:,} tokens{where}")
    return {"out": str(out), "texts": done.texts, "tokens": done.tokens, "sampling": f"{out}.sampling.json"}


def _prompts(path: Path | None, how: dict[str, Any]) -> list[Prompt]:
    if path is None:
        return []
    from cli import sources
    from provenance.sampling import Prompt
    from provenance.suspects import writers

    with streams.readable(path) as copy:
        given = sources.read([copy], text_field=how["text_field"])
    return [
        Prompt(id=record.id, text=writers.opening(record, given.tokenizer, length=how["prompt_length"]))
        for record in given.records
    ]

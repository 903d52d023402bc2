"""``provtool watermark``: mark a corpus before its release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import options, streams, terminal

if TYPE_CHECKING:
    from pathlib import Path

    from watermark.embedding import Release


@click.command()
@click.argument("corpus", type=options.PATH)
@click.option("--key", "key_path", type=options.PATH, help="Key file; else the environment variable PROVTOOL_KEY.")
@click.option("--out", type=options.PATH, required=True, help="New folder for release, ledger and certificate.")
@click.option("--text-field", default="text", show_default=True, help="Field or column with the text.")
@click.option("--id-field", help="Field with the id.  [default: 'id' where there is one, else a digest of the text]")
@click.option(
    "--strategy",
    type=click.Choice(["keyed", "leximark"]),
    default="keyed",
    show_default=True,
    help="keyed: the key deals, exact audits. leximark: the rarest wording everywhere, as published; no exact audit.",
)
@click.option("--per-sentence", type=click.IntRange(1), default=5, show_default=True, help="Most sites a sentence.")
@click.option("--alternates", type=click.IntRange(1), default=4, show_default=True, help="Private variants kept.")
@click.option("--recipient", help="Mark this copy for one recipient, with a sub-key of its own.")
@click.option("--release-name", help="Name the deals depend on.  [default: the corpus's file or folder name]")
@click.option("--spacy-model", metavar="NAME", help="Pipeline that tags words.  [default: the lexicon's own tagger]")
@click.option("--force", is_flag=True, help="Replace an earlier release; it stays if this run fails.")
def command(corpus: Path, key_path: Path | None, out: Path, **how: Any) -> None:
    """Mark CORPUS: write OUT/release, OUT/ledger.parquet (secret) and OUT/certificate.json (public).

    CORPUS is JSONL, CSV, Parquet or plain text (also .gz or .zst), a folder of these, or a datasets folder. Words that
    carry much information are replaced, here and there, by synonyms that the key draws; every other byte stays.

    \b
    Examples:
      provtool key new release.key
      provtool watermark articles.jsonl --key release.key --out marked
      provtool watermark corpus/ --key release.key --out for-acme --recipient acme
    """
    from provenance import corpora
    from watermark import embedding, keys, rules

    settings = embedding.Embedding(
        rules=rules.SiteRules(per_sentence=how["per_sentence"]),
        strategy=how["strategy"],
        alternates=how["alternates"],
        release=how["release_name"] or "",
        recipient=how["recipient"],
        spacy_model=how["spacy_model"],
    )
    if how["strategy"] == "leximark" and key_path:
        raise click.UsageError("--strategy leximark deals without a key: leave out --key")
    key = None if how["strategy"] == "leximark" else keys.load(key_path)
    with streams.readable(corpus) as path, terminal.progress("marking", unit="documents") as report:
        opened = corpora.open(path, text_field=how["text_field"], id_field=how["id_field"])
        made = embedding.release(opened, key=key, out=out, embedding=settings, force=how["force"], progress=report)
    _say(made, skipped=opened.skipped)


def _say(made: Release, *, skipped: tuple[str, ...]) -> None:
    counts = made.counts
    if skipped:
        shown = ", ".join(skipped[:5]) + (", …" if len(skipped) > 5 else "")  # noqa: PLR2004 (as many as are shown)
        terminal.say(f"not read and not released, in no known format: {shown}")
    if not counts.sites:
        terminal.say("no site was found: the release is the corpus, unmarked, and nothing can be proven of it")
    changed = f"{counts.edits:,} of {counts.words:,} words changed ({counts.edits / max(counts.words, 1):.1%})"
    terminal.say(f"{counts.marked:,} of {counts.documents:,} documents marked; {counts.sites:,} sites; {changed}")
    terminal.say(f"  publish      {made.folder}")
    terminal.say(f"  publish      {made.certificate}")
    terminal.say(f"  keep secret  {made.ledger}")
    terminal.say(f"next: provtool commit {made.ledger}, then publish")

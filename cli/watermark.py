"""``provtool watermark``: mark a corpus before its release."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from cli import leaving, options, reading, streams, terminal, voice
from provenance.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.corpora import Corpus
    from watermark.embedding import Release
    from watermark.fidelity.changes import Change, Sentence
    from watermark.keys import Key
    from watermark.marking import Embedding


@click.command()
@click.argument("corpus", type=reading.PATH)
@click.option("--key", "key_path", type=reading.PATH, help="Key file; else the environment variable PROVTOOL_KEY.")
@click.option("--out", type=reading.PATH, help="New folder for release, ledger and certificate.")
@click.option("--text-field", default="text", show_default=True, help="Field or column with the text.")
@click.option("--id-field", help="Field with the id.  [default: 'id' where there is one, else a digest of the text]")
@click.option("--opt-out", "opt_out_field", metavar="FIELD", help="Field that is true in records to leave alone.")
@click.option(
    "--strategy",
    type=click.Choice(["keyed", "leximark"]),
    default="keyed",
    show_default=True,
    help="keyed: the key deals, exact audits. leximark: the rarest wording everywhere, as published; no exact audit.",
)
@click.option("--per-sentence", type=click.IntRange(1), default=5, show_default=True, help="Most sites a sentence.")
@click.option(
    "--min-acceptability",
    metavar="P",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Least probability that a reader accepts a wording: higher is fewer edits, and better ones.",
)
@click.option(
    "--synonyms",
    type=click.Choice(["ours", "wordnet", "context", "sbert"]),
    default="ours",
    show_default=True,
    help="Who chooses wordings; all but ours are published methods, to compare with.",
)
@click.option("--spare-quotations", is_flag=True, help="Leave alone what stands inside quotation marks.")
@click.option(
    "--encoder",
    metavar="NAME",
    default="auto",
    show_default=True,
    help="Sentence encoder that judges wordings in their places: a Hugging Face model, auto, or none for speed.",
)
@click.option(
    "--entropy",
    type=click.Choice(["english", "corpus"]),
    default="english",
    show_default=True,
    help="Whose rare words are taken first; corpus counts its own words, and reads it once more.",
)
@click.option("--alternates", type=click.IntRange(1), default=4, show_default=True, help="Private variants kept.")
@click.option("--recipient", help="Mark this copy for one recipient, with a sub-key of its own.")
@click.option("--release-name", help="Name the deals depend on.  [default: the corpus's file or folder name]")
@click.option("--spacy-model", metavar="NAME", help="Pipeline that tags words.  [default: the one that is built in]")
@click.option("--previous", metavar="LEDGER", type=reading.PATH, help="Unchanged documents keep this ledger's marks.")
@click.option("--mapping", metavar="LEDGER", type=reading.PATH, help="Replace words as this leximark ledger did.")
@click.option("--about", metavar="JSON", type=reading.PATH, help="License, url, creator… for OUT/croissant.json.")
@click.option("--preview", metavar="N", type=click.IntRange(1), help="Show the first N changes and write nothing.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes; same bytes.")
@options.engine
@click.option("--resume", is_flag=True, help="Go on where a run was interrupted.")
@click.option("--force", is_flag=True, help="Replace an earlier release; it stays if this run fails.")
def command(
    corpus: Path, key_path: Path | None, out: Path | None, preview: int | None, **how: Any
) -> dict[str, Any] | None:
    """Mark CORPUS: write OUT/release, OUT/ledger.parquet (secret) and OUT/certificate.json (public).

    OUT/croissant.json (public) describes the release for loaders of data sets. OUT/fidelity.html (secret) shows how
    good the text still is: figures, and sentences before and after.

    CORPUS is JSONL, CSV, Parquet or plain text (also .gz or .zst), a folder of these, or a datasets folder. Words that
    carry much information are replaced, here and there, by synonyms that the key draws; every other byte stays.

    \b
    Examples:
      provtool key new release.key
      provtool watermark articles.jsonl --preview 10
      provtool watermark articles.jsonl --key release.key --out marked
      provtool watermark articles.jsonl --key release.key --out marked --about about.json
      provtool watermark corpus/ --key release.key --out for-acme --recipient acme --workers 8
    """
    from provenance import corpora

    if out is None and preview is None:
        raise click.UsageError("Missing option '--out' (or '--preview N').")
    if how["strategy"] == "leximark" and key_path:
        raise click.UsageError("--strategy leximark deals without a key: leave out --key")
    embedding = _embedding(how)
    key = None if how["strategy"] == "leximark" else _key(key_path, preview=preview)
    fields = {name: how[name] for name in ("text_field", "id_field", "opt_out_field")}
    with streams.readable(corpus) as path:
        opened = corpora.open(path, **fields)
        if preview is not None:
            return _show(opened, key=key, embedding=embedding, most=preview)
        return _release(opened, key=key, embedding=embedding, out=out, how=how) if out is not None else None


def _embedding(how: dict[str, Any]) -> Embedding:
    from watermark import marking, rules

    return marking.Embedding(
        rules=rules.SiteRules(
            per_sentence=how["per_sentence"],
            min_acceptability=how["min_acceptability"],
            synonyms=how["synonyms"],
            spare_quotations=how["spare_quotations"],
        ),
        release=how["release_name"] or "",
        **{
            name: how[name]
            for name in (
                "strategy",
                "alternates",
                "recipient",
                "spacy_model",
                "encoder",
                "entropy",
                "previous",
                "mapping",
            )
        },
    )


def _key(path: Path | None, *, preview: int | None) -> Key:
    from watermark import keys

    try:
        return keys.load(path)
    except InputError:
        if preview is None or path is not None:
            raise
    terminal.say("no key was given: these choices are drawn by one that is thrown away")
    return keys.Key(secret=secrets.token_bytes(keys.BYTES), id="preview")


def _show(corpus: Corpus, *, key: Key | None, embedding: Embedding, most: int) -> dict[str, Any]:
    from watermark import preview

    shown = []
    for sentence in preview.show(corpus, key=key, embedding=embedding, most=most):
        if not voice.current().as_json:
            click.echo(f"{click.style(sentence.document, dim=True)}: {_spelt(sentence)}")
        changes = [asdict(change) for change in sentence.changes]
        shown.append(
            {"document": sentence.document, "before": sentence.text, "after": sentence.published} | {"changes": changes}
        )
    if not shown:
        terminal.say("no site was found: nothing would be changed")
    return {"preview": shown}


def _spelt(sentence: Sentence) -> str:
    """Spell a sentence with its changes in brackets, on one line."""
    return " ".join("".join(_bracketed(change) if change else text for text, change in sentence.pieces()).split())


def _bracketed(change: Change) -> str:
    sure = "" if change.acceptability is None else f" {change.acceptability:.2f}"
    return f"[{change.original} → {click.style(change.published, bold=True)}{sure}]"


def _release(
    corpus: Corpus, *, key: Key | None, embedding: Embedding, out: Path, how: dict[str, Any]
) -> dict[str, Any]:
    from watermark import about, encoder, unfinished
    from watermark import embedding as releasing

    said = about.read(how["about"]) if how["about"] else {}
    if how["encoder"] == encoder.AUTO and encoder.load_cached(encoder.AUTO) is None:
        terminal.say("no encoder is installed: wordings are judged without their context (provtool[embedded] has one)")
    run = {name: how[name] for name in ("workers", "cluster", "resume", "force")}
    try:
        with terminal.progress("marking", unit="documents") as report:
            made = releasing.release(corpus, key=key, out=out, embedding=embedding, about=said, progress=report, **run)
    except KeyboardInterrupt as stop:
        if unfinished.place(out).exists():
            terminal.say(f"what is marked is kept in {unfinished.place(out)}; {out} is not there yet")
            leaving.keep(stop, *([] if how["resume"] else ["--resume"]))
        raise
    _say(made, skipped=corpus.skipped, lacking=about.missing(said))
    return _result(made, skipped=corpus.skipped)


def _say(made: Release, *, skipped: tuple[str, ...], lacking: list[str]) -> None:
    from watermark.fidelity import wording

    counts = made.counts
    if skipped:
        shown = ", ".join(skipped[:5]) + (", …" if len(skipped) > 5 else "")  # noqa: PLR2004 (as many as are shown)
        terminal.say(f"not read and not released, in no known format: {shown}")
    for number, what in ((counts.opted_out, "opted out"), (counts.foreign, "not English")):
        if number:
            terminal.say(f"left alone, {what}: {number:,} of {counts.documents:,} documents")
    if counts.kept:
        terminal.say(f"unchanged since the previous release, with its marks: {counts.kept:,} documents")
    if not counts.sites:
        terminal.say("no site was found: the release is the corpus, unmarked, and nothing can be proven of it")
    changed = f"{counts.edits:,} of {counts.words:,} words changed ({counts.edits / max(counts.words, 1):.1%})"
    terminal.say(f"{counts.marked:,} of {counts.documents:,} documents marked; {counts.sites:,} sites; {changed}")
    terminal.say(f"fidelity: {wording.line(made.fidelity)}")
    if lacking:
        terminal.say(
            f"{made.description.name} does not say what Croissant asks for: {', '.join(lacking)} (--about JSON)"
        )
    terminal.say(f"  publish      {made.folder}")
    terminal.say(f"  publish      {made.certificate}")
    terminal.say(f"  publish      {made.description}")
    terminal.say(f"  keep secret  {made.ledger}")
    terminal.say(f"  look at      {made.page} (secret)")
    terminal.say(f"next: provtool commit {made.ledger}, then publish")


def _result(made: Release, *, skipped: tuple[str, ...]) -> dict[str, Any]:
    """Lay out for a program what was made."""
    places = {"publish": [made.folder, made.certificate, made.description], "keep_secret": [made.ledger, made.page]}
    told = {what: [str(path) for path in paths] for what, paths in places.items()}
    return {**told, "counts": asdict(made.counts), "fidelity": made.fidelity.to_json(), "not_read": list(skipped)}

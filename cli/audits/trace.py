"""``provtool audit trace``: whose copy does a text carry?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from cli import bundling, findings, options, reading, streams, terminal
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenance.corpora import Corpus
    from provenance.evidence import Evidence
    from watermark.keys import Key

RESAMPLES = 999_999


@click.command("trace")
@click.argument("ledgers", metavar="LEDGER…", type=reading.PATH, nargs=-1, required=True)
@click.argument("texts", type=reading.PATH)
@click.option("--key", "key_path", type=reading.PATH, help="Deal the choices found again with this key and compare.")
@options.fields
@options.verdict(resamples=RESAMPLES)
def command(
    ledgers: tuple[Path, ...],
    texts: Path,
    key_path: Path | None,
    text_field: str,
    id_field: str | None,
    **how: Any,
) -> None:
    """Ask which documents TEXTS carry, and whose copy of them.

    Give the ledger of every copy that may have leaked: each gets evidence of its own, and provtool report weighs them
    together. TEXTS is a text file, a folder, or any corpus; - is standard input. An excerpt will do, and so will an
    edited copy. No model is asked.

    \b
    Examples:
      provtool audit trace marked/ledger.parquet leaked.txt --key release.key
      provtool audit trace for-acme/ledger.parquet for-bell/ledger.parquet leaked.txt --out leak.json
    """
    from watermark import keys

    key = keys.load(key_path) if key_path else None
    _check_different(ledgers)
    bundling.check(how, [*ledgers, texts])
    places = _places(ledgers, texts, how)
    with streams.readable(texts, prose=True) as copy:
        found = _audited(ledgers, _opened(copy, text_field, id_field), name=str(texts), key=key, how=how)
    verdicts = [
        findings.conclude(one, path, how=how, several=len(ledgers) > 1) for one, path in zip(found, places, strict=True)
    ]
    sources = {found[0].inputs["texts"]: texts}
    sources |= {one.inputs["ledger"]: path for one, path in zip(found, ledgers, strict=True)}
    told = {"keyed": key is not None, "text_field": text_field, "id_field": id_field}
    parcel = bundling.Parcel(sources=sources, settings=told)
    bundling.leave([(one, "") for one in found], parcel, answers=(), how=how)
    findings.finish(verdicts, places, how=how)


def _opened(path: Path, text_field: str, id_field: str | None) -> Corpus:
    from provenance import corpora

    return corpora.open(path, text_field=text_field, id_field=id_field)


def _audited(
    ledgers: Sequence[Path], texts: Corpus, *, name: str, key: Key | None, how: dict[str, Any]
) -> list[Evidence]:
    """Ask about every copy before anything is written."""
    from watermark import trace

    settings = {key: how[key] for key in ("alpha", "resamples", "seed")}
    found = []
    for path in ledgers:
        committed = findings.commitments([path], how)
        with terminal.progress(f"reading {path}", unit="documents") as report:
            found.append(
                trace.audit(path, texts, name=name, key=key, commitments=committed, progress=report, **settings)
            )
    return found


def _places(ledgers: Sequence[Path], texts: Path, how: dict[str, Any]) -> list[Path]:
    """Name the evidence as asked, or each beside its ledger and after the texts."""
    if how["out"]:
        return findings.numbered(how["out"], len(ledgers))
    short = re.sub(r"[^\w.-]+", "-", texts.name.partition(".")[0]).strip("-.") or "texts"
    return [path.with_name(f"{path.stem}.trace.{short}.json") for path in ledgers]


def _check_different(ledgers: Sequence[Path]) -> None:
    """Refuse a copy given twice: it would count twice among the questions asked."""
    from provenance import storage

    first: dict[str, Path] = {}
    for path in ledgers if len(ledgers) > 1 else ():
        digest = storage.digest(path)
        if digest in first:
            raise InputError(f"the same ledger as {first[digest]}", path=path, expected="each copy once")
        first[digest] = path

"""``provtool audit reshuffle``: was a text written by a descendant of my run?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cli import answers, bundling, findings, meant, options, reading, streams, terminal
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.sources import Source
    from provenance.evidence import Evidence
    from provenance.reruns.manifests import Reruns
    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript


@click.command("reshuffle")
@click.argument("texts", type=reading.PATH)
@click.option("--run", "run_name", metavar="S", shell_complete=meant.suspect, help="The re-run in the original order.")
@click.option(
    "--rerun",
    "rerun_names",
    metavar="S",
    multiple=True,
    shell_complete=meant.suspect,
    help="A reshuffled re-run (repeatable).",
)
@click.option(
    "--reruns", "made_path", metavar="DIR", type=reading.PATH, help="All of them, as provenance.reruns made them."
)
@click.option("--scores", "scores_path", metavar="DIR", type=reading.PATH, help="Answers kept by an earlier audit.")
@click.option(
    "--model",
    "model_name",
    metavar="S",
    shell_complete=meant.suspect,
    help="The real final model, to check that --run stands for it.",
)
@click.option("--transcript", "transcript_path", type=reading.PATH, help="The recorded run: how its order was drawn.")
@options.fields
@options.model
@options.running
@options.verdict()
@click.pass_context
def command(context: click.Context, /, texts: Path, **how: Any) -> None:
    """Ask whether TEXTS were written by a descendant of a run whose last phase was run again.

    The re-runs are the draws of chance: one in the original order, T reshuffled, all by one code on one machine. T of
    them reach p = 1/(T + 1), so the usual level of .001 needs 999. provenance.reruns makes them.

    \b
    Examples:
      provtool audit reshuffle theirs.jsonl --reruns reruns --model ./final --transcript run.parquet
      provtool audit reshuffle theirs.txt --run again/0 --rerun again/1 --rerun again/2 --alpha 0.34
    """
    _check_usage(context, how)
    bundling.check(how, [texts, how["transcript_path"]])
    beside = Path("stdin") if str(texts) == streams.STREAM else texts
    usual = beside.with_name(f"{beside.name.partition('.')[0] or beside.name}.reshuffle.json")
    with streams.readable(texts, prose=True) as copy:
        found = _audited(copy, str(texts), usual, how)
    out = how["out"] or usual
    verdict = findings.conclude(found, out, how=how, several=False)
    bundling.leave([(found, "")], _parcel(found, texts, how), answers=_kept(usual, how).glob("*.parquet"), how=how)
    findings.finish([verdict], [out], how=how)


def _parcel(found: Evidence, texts: Path, how: dict[str, Any]) -> bundling.Parcel:
    places = {"texts": texts, "transcript": how["transcript_path"], "reruns": how["made_path"]}
    sources = {found.inputs[role]: place for role, place in places.items() if place and role in found.inputs}
    return bundling.Parcel(sources=sources, settings={name: how[name] for name in ("text_field", "id_field")})


def _kept(usual: Path, how: dict[str, Any]) -> Path:
    """Name the folder where answers are kept."""
    folder: Path = how["scores_path"] or usual.with_name(f"{usual.stem}.scores")
    return folder


def _check_usage(context: click.Context, how: dict[str, Any]) -> None:
    named = bool(how["run_name"] or how["rerun_names"])
    if named + bool(how["made_path"] or how["scores_path"]) != 1:
        raise click.UsageError("give --run and --rerun (models to ask), --reruns (a folder of them), or --scores")
    if named and not (how["run_name"] and how["rerun_names"][1:]):
        raise click.UsageError("give --run (the original order) once and --rerun (a reshuffled one) twice at least")
    if how["scores_path"] and how["model_name"]:
        raise click.UsageError("--scores has the answer of --model already, if it was asked")
    if context.get_parameter_source("resamples") is not ParameterSource.DEFAULT:
        terminal.say("--resamples changes nothing here: the re-runs are the draws, and more of them reach further")


def _audited(copy: Path, name: str, usual: Path, how: dict[str, Any]) -> Evidence:
    from cli import sources
    from provenance import reruns
    from provenance.audits import reshuffle

    made = reruns.read(how["made_path"]) if how["made_path"] else None
    transcript = _transcript(how)
    source = sources.read([copy], text_field=how["text_field"], id_field=how["id_field"])
    if how["scores_path"]:
        run, others, model = _saved(how["scores_path"], source)
    else:
        run, others, model = _asked(source, made, _kept(usual, how), how)
    return reshuffle.audit(
        run,
        others,
        name=name,
        model=model,
        made=made,
        transcript=transcript,
        alpha=how["alpha"],
        commitments=findings.commitments([transcript.path], how) if transcript else (),
    )


def _transcript(how: dict[str, Any]) -> Transcript | None:
    from provenance.transcripts import tables

    return tables.read(how["transcript_path"]) if how["transcript_path"] else None


def _asked(
    source: Source, made: Reruns | None, folder: Path, how: dict[str, Any]
) -> tuple[Scores, list[Scores], Scores | None]:
    """Ask every re-run, and the real model, about the same text; what they say is kept in a folder."""
    from provenance import scoring

    names = {"run": how["run_name"], **_numbered(how["rerun_names"])}
    if made:
        names = {"run": f"hf:{made.original}", **_numbered([f"hf:{place}" for place in made.reshuffled])}
    names |= {"model": how["model_name"]} if how["model_name"] else {}
    said: dict[str, Scores] = {}
    with answers.kept(lambda: folder.glob("*.parquet")):
        for part, name in names.items():
            answers.get(name, source, out=folder / f"{part}.parquet", window=None, how=answers.running(how))
            said[part] = scoring.read(folder / f"{part}.parquet")
    for left in set(folder.glob("*.parquet")) - {folder / f"{part}.parquet" for part in said}:
        left.unlink()
    terminal.say(f"scores of {len(said):,} models kept in {folder}")
    return _parted(said)


def _saved(folder: Path, source: Source) -> tuple[Scores, list[Scores], Scores | None]:
    from provenance import scoring

    paths = sorted(folder.glob("*.parquet"))
    if not (folder / "run.parquet").is_file():
        raise InputError("no run.parquet in this folder", path=folder, expected="the scores that an audit kept")
    said = {path.stem: scoring.read(path) for path in paths}
    for scores in said.values():
        scoring.check_inputs(scores, source.inputs)
    return _parted(said)


def _numbered(names: Sequence[str]) -> dict[str, str]:
    return {f"rerun-{number:04d}": name for number, name in enumerate(names, start=1)}


def _parted(said: dict[str, Scores]) -> tuple[Scores, list[Scores], Scores | None]:
    others = [scores for part, scores in sorted(said.items()) if part.startswith("rerun-")]
    return said["run"], others, said.get("model")

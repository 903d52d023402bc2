"""``provtool audit membership``: was a model trained on these documents rather than on those?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import bundling, findings, options, reading, streams, terminal
from cli.audits import asking

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from provenance.audits.membership import Side
    from provenance.audits.membership.pools import Pool
    from provenance.evidence import Evidence
    from provenance.records import Record
    from provenance.scoring import Scores

PASSES = ("lower-case", "recall", "neighbourhood")
"""As in `provenance.audits.membership.views`, which is not imported for a usage message."""
ALL = "all"


@click.command("membership")
@click.argument("members", type=reading.PATH)
@click.argument("nonmembers", type=reading.PATH)
@click.option(
    "--signal",
    "passes",
    type=click.Choice([*PASSES, ALL]),
    multiple=True,
    help="Also measure this signal, which asks the suspect again (repeatable).  [default: those of one pass]",
)
@click.option(
    "--min-k",
    type=click.IntRange(1, 100),
    multiple=True,
    default=(20,),
    show_default=True,
    help="Percentage of least likely tokens for Min-K% and Min-K%++ (repeatable).",
)
@click.option("--cluster-field", metavar="F", help="Field that names what a text is a part of, such as its book.")
@click.option(
    "--per-cluster",
    metavar="N",
    type=click.IntRange(1),
    help="Texts taken of each cluster, smaller ones left out: only clusters of equal size can be compared.",
)
@click.option("--split-seed", type=reading.SEED, help="Seed by which members were drawn; the split is drawn again.")
@click.option("--split-share", type=reading.SHARE, default=0.5, show_default=True, help="Share that became members.")
@options.fields
@options.audit
def command(members: Path, nonmembers: Path, passes: tuple[str, ...], min_k: tuple[int, ...], **how: Any) -> None:
    """Ask whether a model was trained on MEMBERS, given NONMEMBERS that it cannot have seen.

    Both are corpora. If members were drawn at random before training, say by which --split-seed: only then is the
    p-value exact. Else the two must be alike, and classifiers that never ask the model try to tell them apart; where
    they can, the audit is inconclusive.

    \b
    Examples:
      provtool audit membership trained-on.jsonl held-out.jsonl --suspect ./their-model --split-seed 1
      provtool audit membership seen.jsonl unseen.jsonl --suspect ./model --cluster-field book
    """
    from cli.sources import Source
    from provenance.audits import membership
    from provenance.audits.membership import pools

    asked = _passes(passes, how)
    drawn = _drawn(how)
    seen, unseen = _side(members, how), _side(nonmembers, how)
    if drawn is not None:
        pools.check_split(seen, unseen, drawn)
    chosen = {"min_k": min_k, "per_cluster": how["per_cluster"]}
    records = _records(pools.join(seen, unseen, per_cluster=how["per_cluster"]), asked)
    found = findings.commitments([path for path in (members, nonmembers) if str(path) != streams.STREAM], how)

    def judge(scores: Scores, references: Sequence[Scores], settings: dict[str, Any]) -> Evidence:
        return membership.audit(
            seen, unseen, scores, references=references, drawn=drawn, commitments=found, **chosen, **settings
        )

    inputs = {"members": seen.sha256, "nonmembers": unseen.sha256}
    source = Source(records=records, tokenizer=None, window=None, inputs=inputs)
    beside = Path("members") if str(members) == streams.STREAM else members
    told = {name: how[name] for name in ("split_seed", "split_share", "cluster_field", "text_field", "id_field")}
    parcel = bundling.Parcel(sources={seen.sha256: members, unseen.sha256: nonmembers}, settings={**chosen, **told})
    asking.run("membership", source, judge, place=asking.Place(beside=beside, parcel=parcel), how=how)


def _passes(passes: tuple[str, ...], how: dict[str, Any]) -> Collection[str]:
    if passes and how["scores_path"]:
        raise click.UsageError("--signal says what to ask a model; from saved scores all that they hold is measured")
    return PASSES if ALL in passes else tuple(name for name in PASSES if name in passes)


def _drawn(how: dict[str, Any]) -> Any:
    from provenance.audits import membership

    return None if how["split_seed"] is None else membership.Split(seed=how["split_seed"], share=how["split_share"])


def _side(path: Path, how: dict[str, Any]) -> Side:
    from provenance import corpora
    from provenance.audits import membership

    with streams.readable(path) as place:
        corpus = corpora.open(place, text_field=how["text_field"], id_field=how["id_field"])
        field = how["cluster_field"]
        return membership.Side(
            documents=tuple(entry.document for entry in corpora.read(corpus)),
            sha256=corpora.digest(corpus),
            clusters=tuple(corpora.values(corpus, field, option="--cluster-field")) if field else None,
        )


def _records(pool: Pool, passes: Collection[str]) -> tuple[Record, ...]:
    """Lay the texts out, and say what the signals that need more will cost before it is spent."""
    from provenance.audits.membership import views

    records = views.records(pool, passes=passes)
    if passes:
        texts, characters = views.cost(records)
        terminal.say(
            f"{', '.join(passes)}: {texts:,} more texts of {characters:,} characters are asked of each suspect"
        )
    return records

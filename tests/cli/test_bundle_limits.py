"""What a redacted bundle does give away, so that the docs may say so."""

import itertools
import json
from pathlib import Path

import pyarrow.parquet as pq

from provenance import scoring
from provenance.records import Record
from watermark import ledger, variants

SENTENCES = (
    "They required additional help to finish it.",
    "The author needed sufficient time.",
    "Nobody had purchased the large house.",
    "The whole committee began early.",
)
MOST_TRIED = 300
NEAR = 1e-6


def wordings(marked):
    """Give every text that a document can become."""
    coins = list(dict.fromkeys(map(variants.coin, marked.sites)))
    ranges = [range(len(next(site for site in marked.sites if variants.coin(site) == coin).options)) for coin in coins]
    for picked in itertools.product(*ranges):
        sides = dict(zip(coins, picked, strict=True))
        choices = [variants.sides(site)[sides[variants.coin(site)]] for site in marked.sites]
        yield variants.render(marked.text, marked.sites, choices)


def test_whoever_has_release_and_model_finds_short_alternates(run):
    """Sums tell alternates apart: who marks the release once more, and asks the model for every wording, finds some."""
    rows = [{"id": f"s{row}", "text": f"{SENTENCES[row % 4]} Case {row}."} for row in range(12)]
    Path("c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in ("own", "other"):
        run("key", "new", f"{name}.key")
    run("watermark", "c.jsonl", "--key", "own.key", "--encoder", "none", "--out", "m")
    run("ngram", "c.jsonl", "--out", "n.parquet")
    how = ("--suspect", "ngram:n.parquet", "--resamples", 99, "--bundle", "b", "--redact")
    assert run("audit", "watermark", "m/ledger.parquet", *how, "--out", "w.json").code == 0
    run("watermark", "m/release/c.jsonl", "--key", "other.key", "--encoder", "none", "--out", "theirs")
    shown = {(row["id"], row["variant"]): row["total"] for row in pq.read_table("b/scores.parquet").to_pylist()}
    true = {marked.id: marked for marked in ledger.read("m/ledger.parquet").documents}
    found = 0
    for marked in ledger.read("theirs/ledger.parquet").documents:
        tried = tuple(dict.fromkeys(itertools.islice(wordings(marked), MOST_TRIED)))
        scores = scoring.score(
            [Record(id=str(at), text=text) for at, text in enumerate(tried)], suspect="ngram:n.parquet"
        )
        sums = [float(row.logprob.astype(float).sum()) for row in scores.rows]
        for index in range(1, true[marked.id].variants):
            fitting = [
                text for text, total in zip(tried, sums, strict=True) if abs(total - shown[marked.id, index]) < NEAR
            ]
            found += fitting == [ledger.record(true[marked.id], index, name="c.jsonl").text]
    assert found > 0

"""The published tables of sequences, in their true layout, from import to audit."""

import json

import numpy as np
import pandas as pd
import pytest

from provenance import scoring, transcripts
from provenance.audits import order
from provenance.errors import InputError
from provenance.records import Record, Window
from provenance.suspects import column
from provenance.transcripts import importing, samples, sources

ROWS, LENGTH = 120, 40


def published(*, repeats=False, falling=0.5, seed=0):
    """Make a table as published: places in a run of 5,000, tokens, and losses that fall towards the end of the run."""
    rng = np.random.default_rng(seed)
    index = rng.integers(0, 50, ROWS) if repeats else rng.choice(5000, ROWS, replace=False)
    hard = rng.normal(3, 0.3, ROWS)
    losses = hard[:, None] + rng.normal(0, 0.05, (ROWS, LENGTH - 1))
    derived = losses - (falling * index / index.max())[:, None]
    return pd.DataFrame(
        {
            "index": index,
            "tokens": list(rng.integers(0, 1000, (ROWS, LENGTH))),
            "loss_ours": list(derived),
            "loss_other": list(losses),
            "loss_mean": derived[:, 10:20].mean(axis=1),
        }
    )


def lay(folder, table, name="samples.parquet"):
    """Write a table as Parquet, JSON lines or CSV."""
    path = folder / name
    if path.suffix == ".parquet":
        table.to_parquet(path)
        return path
    spelt = table.assign(**{key: [np.asarray(cell).tolist() for cell in table[key]] for key in table})
    if path.suffix == ".csv":
        spelt.to_csv(path, index=False)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in spelt.to_dict("records")))
    return path


def imported(path, **changes):
    """Import a table and read the transcript back."""
    source = sources.open(path, format="sequence-samples")
    importing.import_table(source, out=path.parent / "run.parquet", declared=importing.Declared(), **changes)
    return transcripts.read(path.parent / "run.parquet")


@pytest.mark.parametrize("name", ["samples.parquet", "samples.jsonl", "samples.csv", "samples"])
def test_a_table_becomes_a_transcript_in_every_spelling(tmp_path, name):
    """``index`` is id and position, ``tokens`` stay as they are; CSV spells its lists as text."""
    table = published()
    found = imported(lay(tmp_path, table, name))
    assert found.ids == tuple(map(str, table["index"]))
    assert [where.tolist() for where in found.positions] == [[place] for place in table["index"]]
    assert found.tokens == tuple(tuple(row.tolist()) for row in table["tokens"])
    assert (found.run_length, found.position_unit) == (table["index"].max() + 1, "example")


@pytest.mark.parametrize("name", ["samples.parquet", "samples.jsonl", "samples.csv"])
def test_imported_rows_are_audited_by_the_losses_of_the_same_table(tmp_path, name):
    """The losses of the model that saw the order are evidence against it, those of the other model are not."""
    path = lay(tmp_path, published(), name)
    transcript = imported(path)
    scored = {
        model: scoring.score(
            transcripts.records(transcript),
            suspect=f"column:{path}:-loss_{model}",
            window=Window(start=10, length=10),
            inputs={"transcript": transcript.sha256},
        )
        for model in ("ours", "other")
    }
    found = order.audit(transcript, scored["ours"], references=[scored["other"]], resamples=1999)
    assert found.pvalue == 1 / 2000
    assert order.audit(transcript, scored["other"], resamples=1999).pvalue > 0.001


def test_a_mean_in_the_table_is_what_the_window_of_the_list_says(tmp_path):
    """Token t stands at t − 1 of a list without the first token: the window 11:10 is the slice 10 to 20."""
    path = lay(tmp_path, published())
    records = list(transcripts.records(imported(path)))
    window = Window(start=11, length=10)
    cut, mean = (
        [
            float(score.logprob.mean())
            for score in scoring.score(records, suspect=f"column:{path}:-{name}", window=window).rows
        ]
        for name in ("loss_ours", "loss_mean")
    )
    assert np.allclose(cut, mean)


@pytest.mark.parametrize("name", ["samples.parquet", "samples.csv"])
def test_rows_that_share_an_index_keep_their_own_losses(tmp_path, name):
    """Rows of one step tie: the second of index 7 is 7#2 in the transcript and for its losses."""
    table = published(repeats=True)
    path = lay(tmp_path, table, name)
    found = imported(path)
    assert len(set(found.ids)) == ROWS
    assert sum("#" in id_ for id_ in found.ids) == ROWS - table["index"].nunique()
    scores = scoring.score(transcripts.records(found), suspect=f"column:{path}:-loss_ours", window=None)
    assert np.allclose([-score.logprob for score in scores.rows], np.stack(table["loss_ours"]), atol=1e-6)


def test_a_sample_of_a_table_still_finds_its_losses(tmp_path):
    """Names do not depend on which rows are taken."""
    table = published(repeats=True)
    path = lay(tmp_path, table)
    found = imported(path, sample=importing.Sample(rows=30, seed=0))
    scores = scoring.score(transcripts.records(found), suspect=f"column:{path}:-loss_mean", window=None)
    losses = dict(zip(map(bytes, table["tokens"]), table["loss_mean"], strict=True))
    for score, tokens in zip(scores.rows, found.tokens, strict=True):
        assert -score.logprob[0] == pytest.approx(losses[bytes(np.array(tokens))], abs=1e-6)


def test_a_sample_near_the_end_is_for_runs_whose_rows_have_numbers(tmp_path):
    """A table is sampled by its ids."""
    path = lay(tmp_path, published())
    with pytest.raises(InputError, match="a recent sample of a table; try --select uniform"):
        imported(path, sample=importing.Sample(rows=30, seed=0, select="recent"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": [1]}, r"samples\.jsonl:2: index None; expected the place in the run"),
        ({"index": "4", "tokens": [1]}, r":2: index '4'"),
        ({"index": -4, "tokens": [1]}, r":2: index -4"),
        ({"index": True, "tokens": [1]}, r":2: index True"),
        ({"index": 4, "tokens": "[1, 2"}, r":2: a list that cannot be read: '\[1, 2'"),
        ({"index": 4, "tokens": []}, r":2: tokens is no list of ids, or an empty one"),
        ({"index": 4}, r":2: neither tokens nor text"),
    ],
)
def test_a_wrong_row_is_one_line(tmp_path, row, message):
    """Where, what, and what was expected."""
    path = tmp_path / "samples.jsonl"
    path.write_text(json.dumps({"index": 3, "tokens": [1]}) + "\n" + json.dumps(row) + "\n")
    with pytest.raises(InputError, match=message):
        imported(path)


def test_a_damaged_csv_is_one_line(tmp_path):
    """Rows of different width are no table."""
    (tmp_path / "samples.csv").write_text("index,tokens\n1,[1],9\n")
    with pytest.raises(InputError, match=r"samples\.csv: cannot be read as CSV"):
        imported(tmp_path / "samples.csv")


def test_lists_of_text_are_read_with_or_without_brackets():
    """Whatever wrote the CSV."""
    assert samples.numbers("[1, 2]", place="f:1") == samples.numbers(" 1 2 ", place="f:1") == [1, 2]
    assert samples.numbers(None, place="f:1") is None


def cut(tmp_path, numbers, *, tokens=8, window="4:2"):
    """Ask for a window of a row of so many tokens, of which the file has the numbers."""
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({"index": 1, "loss": numbers}) + "\n")
    record = Record(id="1", tokens=None if tokens is None else tuple(range(tokens)))
    asked = Window.parse(window) if window else None
    (score,) = column.load(f"{path}:-loss").score([record], window=asked, progress=lambda _done, _total: None)
    return score.start, (-score.logprob).tolist()


@pytest.mark.parametrize(
    ("numbers", "settings", "answer"),
    [
        ([1, 2, 3, 4, 5, 6, 7], {}, (4, [4, 5])),
        ([0, 1, 2, 3, 4, 5, 6, 7], {}, (4, [4, 5])),
        ([None, 1, 2, 3, 4, 5, 6, 7], {}, (4, [4, 5])),
        ([None, 1, 2, 3, 4, 5, 6, 7], {"window": None}, (1, [1, 2, 3, 4, 5, 6, 7])),
        ([1, 2, 3, 4, 5, 6, 7], {"window": None}, (1, [1, 2, 3, 4, 5, 6, 7])),
        ([None, 1, 2, 3, 4, 5, 6, 7], {"window": "0:3"}, (1, [1, 2])),
        ([1, 2, 3, 4, 5, 6, 7], {"window": "0:3"}, (1, [1, 2])),
        ([8, 9], {}, (4, [8, 9])),
        ([8, 9], {"tokens": None}, (4, [8, 9])),
        ([7, 8, 9], {"tokens": None}, (4, [7, 8, 9])),
        ([1, 2, 3, 4], {"tokens": 5}, (4, [])),
        ([1, 2], {"tokens": 3}, (4, [])),
        ([1], {"tokens": 5}, (4, [])),
        ([1, 2, 3, 4, 5], {"tokens": 6}, (4, [4, 5])),
    ],
)
def test_a_window_is_cut_out_of_a_list_that_holds_the_row(tmp_path, numbers, settings, answer):
    """Number t is about token t, or about t + 1 where the first token has none; a row too short has no answer."""
    assert cut(tmp_path, numbers, **settings) == answer


def test_a_list_that_is_neither_row_nor_window_is_refused(tmp_path):
    """Nobody can tell which tokens it is about."""
    with pytest.raises(InputError, match=r"5 numbers for '1', a row of 8 tokens; expected 2 \(window 4:2\), 7 or 8"):
        cut(tmp_path, [1, 2, 3, 4, 5])


def test_ids_alone_are_audited_by_losses_from_elsewhere(tmp_path):
    """Whoever recorded nothing but ids and positions needs no text where the losses are known."""
    table = published(falling=1.5)
    path = lay(tmp_path, table)
    rows = [{"id": str(place), "positions": [place]} for place in table["index"]]
    about = {
        "tokenizer": None,
        "run_length": 5000,
        "position_unit": "example",
        "shuffle": {"kind": "full"},
        "inputs": {},
    }
    transcripts.write(tmp_path / "ids.parquet", rows, **about)
    transcript = transcripts.read(tmp_path / "ids.parquet")
    scores = scoring.score(
        transcripts.records(transcript),
        suspect=f"column:{path}:-loss_mean",
        inputs={"transcript": transcript.sha256},
    )
    found = order.audit(transcript, scores, resamples=1999)
    assert found.pvalue == 1 / 2000
    assert found.verdict == "evidence"

"""The overlap audit on texts that quote a transcript, and on texts that know nothing of its order."""

import dataclasses
import json
import pydoc_data.topics
import re

import numpy as np
import pytest
import torch
from scipy import stats

from provenance import corpora, evidence, report, storage, tokenizers, training
from provenance.audits import overlap, residuals, traces
from provenance.audits.overlap import finding, holding
from provenance.errors import InputError, MismatchError
from provenance.records import Document, Tokenizer
from provenance.stats import betting, permutation, rank, recency
from provenance.transcripts import tables

ROWS, WORDS, AUDITS = 240, 25, 2000


def _silent(_done, _total):
    return None


@pytest.fixture(scope="module")
def prose():
    """Words of Python's own language reference, which every Python brings along."""
    return re.findall(r"\w+", " ".join(pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics)))


@pytest.fixture(scope="module")
def rows(prose):
    """Consecutive pieces of that prose, a third of them twice."""
    pieces = [" ".join(prose[at : at + WORDS]) for at in range(0, ROWS * WORDS, WORDS)]
    return [*pieces[: ROWS - ROWS // 3], *pieces[: ROWS // 3]]


def _written(path, rows, *, seed=0, shuffle="full", run_length=None, tokenizer=None, **columns):
    """Lay down a transcript of rows in a random order, and give their positions."""
    positions = np.random.default_rng(seed).permutation(len(rows)).tolist()
    given = [
        {"id": f"e{row}", "positions": [positions[row]], **{name: values[row] for name, values in columns.items()}}
        for row in range(len(rows))
    ]
    for line, row in zip(given, rows, strict=True):
        line["text" if isinstance(row, str) else "tokens"] = row
    tables.write(
        path,
        given,
        tokenizer=tokenizer,
        run_length=run_length or len(rows),
        position_unit="example",
        shuffle={"kind": shuffle},
        inputs={},
    )
    return np.array(positions)


def _documents(*texts):
    return [Document(id=str(number), text=text) for number, text in enumerate(texts)]


def _gate(found, name):
    return next(gate for gate in found.gates if gate.name == name)


@pytest.fixture
def run(tmp_path, rows):
    """A transcript on the disk, and the texts of its rows from the first consumed to the last."""
    positions = _written(tmp_path / "run.parquet", rows)
    return tmp_path / "run.parquet", [rows[row] for row in np.argsort(positions)]


def test_a_text_that_quotes_the_end_of_the_run_is_found(run):
    """Quoting the last fifth of a run is evidence: p at its floor, far tail, capital, ρ and AUROC all say so."""
    path, seen = run
    found = overlap.audit(path, _documents(*seen[-ROWS // 5 :]))
    assert (found.verdict, found.pvalue, found.decided_by) == ("evidence", 1e-4, "permutation")
    assert found.asymptotic.log10_pvalue < -8
    assert found.evalue.log10 > 3
    assert found.effect.low > 0
    assert found.auroc.low > 0.5
    assert all(gate.passed for gate in found.gates)


def test_late_speaks_for_the_claim_and_early_does_not(run):
    """Quoting the first fifth, or rows from all over the run, is none."""
    path, seen = run
    assert overlap.audit(path, _documents(*seen[: ROWS // 5])).pvalue > 0.1
    assert overlap.audit(path, _documents(*seen[::5])).verdict == "no-evidence"


def test_a_text_without_any_overlap_is_inconclusive(run):
    """If no example holds any of it, all χ tie, p is 1, and the gate says that nothing could have been found."""
    found = overlap.audit(run[0], _documents("zzz yyy"))
    assert (found.pvalue, found.verdict) == (1.0, "inconclusive")
    assert [gate.name for gate in found.gates if not gate.passed] == ["texts-overlap"]


def test_the_order_of_the_file_does_not_matter(tmp_path, rows):
    """A transcript sorted by position gives the same statistic and ρ, bit for bit, as one that is not."""
    positions = _written(tmp_path / "a.parquet", rows)
    table = tables.read(tmp_path / "a.parquet")
    lines = [
        {"id": table.ids[row], "positions": table.positions[row], "text": rows[row]} for row in np.argsort(positions)
    ]
    settings = {"tokenizer": None, "run_length": ROWS, "position_unit": "example", "shuffle": {"kind": "full"}}
    tables.write(tmp_path / "b.parquet", lines, inputs={}, **settings)
    text = _documents(*rows[::7])
    found = [overlap.audit(tmp_path / name, text) for name in ("a.parquet", "b.parquet")]
    assert found[0].statistic == found[1].statistic
    assert found[0].effect == found[1].effect


def test_what_counts_is_on_record_and_decides(run):
    """Other lengths and limits give other numbers and say so; nothing of one setting is left for the next."""
    path, seen = run
    text = _documents(*seen[-20:])
    several = [{}, {"max_df": 1}, {"max_ngram": 2}, {}, {"weight": "longest"}]
    found = [overlap.audit(path, text, counting=holding.Counting(**counting)) for counting in several]
    assert found[0] == found[3]
    assert len({one.statistic.value for one in found}) == 4
    assert "weight times in the texts/(1 + document frequency)" in found[0].pvalue_method
    assert "the longest n-gram (n ≤ 8, words) that a row holds" in found[4].pvalue_method
    assert "n ≤ 8, words" in found[0].pvalue_method
    assert "document frequency up to 100" in found[0].pvalue_method
    assert "document frequency up to 1;" in found[1].pvalue_method
    assert "2 ≤ n ≤ 2, words" in found[2].pvalue_method
    single = overlap.audit(path, text, counting=holding.Counting(max_ngram=1))
    assert "1 ≤ n ≤ 1, words" in single.pvalue_method
    for wrong in ({"max_df": 0}, {"max_ngram": 0}):
        with pytest.raises(ValueError, match="both are at least 1"):
            holding.Counting(**wrong)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory, rows):
    """A tokenizer on the disk, and what names it."""
    folder = tmp_path_factory.mktemp("tokenizer")
    training.train_tokenizer(rows, vocabulary=400, out=folder)
    loaded = tokenizers.load(str(folder))
    return loaded, tokenizers.identify(loaded, str(folder))


def test_ids_are_compared_where_their_tokenizer_is_at_hand(tmp_path, rows, tokenizer):
    """With recorded ids and their tokenizer the texts are read by it; without it, rows of text are cut into words."""
    loaded, name = tokenizer
    ids = [loaded(row, add_special_tokens=False)["input_ids"] for row in rows]
    gone = dataclasses.replace(name, name=str(tmp_path / "gone"))
    positions = _written(tmp_path / "ids.parquet", ids, tokenizer=name)
    _written(tmp_path / "both.parquet", ids, tokenizer=gone, text=rows)
    late = _documents(*[rows[row] for row in np.argsort(positions)[-40:]])
    by_ids, by_words = (overlap.audit(tmp_path / name, late) for name in ("ids.parquet", "both.parquet"))
    assert by_ids.verdict == by_words.verdict == "evidence"
    assert by_ids.suspect["tokens"] == sum(len(ids[row]) for row in np.argsort(positions)[-40:])
    assert by_words.suspect["words"] == 40 * WORDS
    assert any("Compared by words" in caveat for caveat in by_words.caveats)


def test_ids_that_nobody_can_read_are_refused(tmp_path, rows, tokenizer):
    """Ids without tokenizer and text, ids of no named one, another tokenizer in the place of theirs: one error each."""
    loaded, name = tokenizer
    ids, text = [loaded(row)["input_ids"] for row in rows], _documents("some text")
    _written(tmp_path / "gone.parquet", ids, tokenizer=dataclasses.replace(name, name=str(tmp_path / "gone")))
    _written(tmp_path / "unnamed.parquet", ids)
    _written(tmp_path / "other.parquet", ids, tokenizer=Tokenizer(name=name.name, sha256="0" * 64))
    with pytest.raises(InputError, match="is not at hand, and rows have no text"):
        overlap.audit(tmp_path / "gone.parquet", text)
    with pytest.raises(InputError, match="rows without text, and not all have token ids of a named tokenizer"):
        overlap.audit(tmp_path / "unnamed.parquet", text)
    with pytest.raises(MismatchError, match="is not the one that made the recorded token ids"):
        overlap.audit(tmp_path / "other.parquet", text)


def test_texts_without_words_and_orders_without_order_are_refused(tmp_path, run):
    """Texts in which there is nothing to compare, and rows that were all consumed at once, are an InputError."""
    with pytest.raises(InputError, match="the texts have no words"):
        overlap.audit(run[0], _documents("…", ""))
    settings = {"tokenizer": None, "run_length": 1, "position_unit": "step", "shuffle": {"kind": "full"}}
    lines = [{"id": str(row), "positions": [0], "text": "some text"} for row in range(20)]
    tables.write(tmp_path / "tied.parquet", lines, inputs={}, **settings)
    with pytest.raises(InputError, match="positions are all equal"):
        overlap.audit(tmp_path / "tied.parquet", _documents("some text"))


def test_an_order_that_is_no_shuffle_is_inconclusive(tmp_path, rows):
    """A run that did not shuffle proves nothing however late the overlap; a claimed shuffle is a caveat."""
    positions = _written(tmp_path / "none.parquet", rows, shuffle="none")
    _written(tmp_path / "claimed.parquet", rows, shuffle="claimed")
    text = _documents(*[rows[row] for row in np.argsort(positions)[-40:]])
    found = [overlap.audit(tmp_path / name, text) for name in ("none.parquet", "claimed.parquet")]
    assert [one.verdict for one in found] == ["inconclusive", "evidence"]
    assert not _gate(found[0], "shuffle-record").passed
    assert finding.CLAIMED in found[1].caveats


def test_length_is_no_finding(tmp_path, prose):
    """Long rows hold more of any text; where they come late by chance, regression takes that out."""
    rng = np.random.default_rng(0)
    starts = rng.integers(0, len(prose) - 100, ROWS)
    pieces = [" ".join(prose[at : at + size]) for at, size in zip(starts, rng.integers(5, 80, ROWS), strict=True)]
    _written(tmp_path / "run.parquet", pieces)
    units = holding.units(
        holding.scan(tmp_path / "run.parquet", [" ".join(prose[::3])], counting=holding.Counting(), progress=_silent),
        seed=0,
    )
    trace = traces.compute(tables.outline(tmp_path / "run.parquet"), units, resamples=99, rng=rng)
    assert stats.spearmanr(units.features[:, 0], units.scores).statistic > 0.5
    assert abs(stats.spearmanr(units.features[:, 0], trace.residual).statistic) < 0.15


def test_rows_that_were_shuffled_as_one_are_one(tmp_path, rows):
    """Units and strata are those of the transcript: four rows a unit leave a quarter of the values."""
    _written(
        tmp_path / "run.parquet",
        rows,
        unit=[f"u{row // 4}" for row in range(ROWS)],
        stratum=["a" if row // 4 % 2 else "b" for row in range(ROWS)],
    )
    found = overlap.audit(tmp_path / "run.parquet", _documents(*rows[:30]))
    assert found.n == ROWS // 4
    assert "strata=2" in found.pvalue_method


def test_evidence_is_read_back_and_laid_out(tmp_path, run):
    """JSON gives the same evidence again, the digest is that of the file, and a page has its own words and plots."""
    path, seen = run
    (tmp_path / "t.txt").write_text("\n".join(seen[-40:]))
    found = overlap.audit(path, corpora.open(tmp_path / "t.txt"), name="t.txt")
    assert evidence.from_json(json.loads(storage.dump_json(evidence.to_json(found)))) == found
    assert found.inputs == {"transcript": storage.digest(path), "texts": storage.digest(tmp_path / "t.txt")}
    html = report.render([found]).html
    assert "Overlap along the recorded run" in html
    assert "Text and training order" in html


def _plain(rng, count):
    """A full shuffle."""
    return rng.permutation(count)[:, None], np.zeros(count, dtype=np.int64)


def _messy(rng, count):
    """Two strata, steps of eight rows that tie, and two epochs."""
    strata = (np.arange(count) % 5 == 0).astype(np.int64)
    times = np.column_stack([np.arange(count) // 8, rng.permutation(count) // 8 + count // 8])
    for stratum in (0, 1):
        members = np.flatnonzero(strata == stratum)
        times[members] = times[rng.permutation(members)]
    return times, strata


@pytest.mark.parametrize("scenario", [_plain, _messy])
def test_null_audits_hold_their_level(tmp_path, rows, prose, scenario):
    """Of 2,000 orders drawn for the χ of real prose, ties and duplicates in it, p and E find no more than chance."""
    _written(tmp_path / "run.parquet", rows)
    text = " ".join(prose[ROWS * WORDS : ROWS * WORDS + 3000])
    held = holding.scan(tmp_path / "run.parquet", [text], counting=holding.Counting(), progress=_silent)
    units = holding.units(held, seed=0)
    assert len(np.unique(units.scores)) < ROWS
    # What an order cannot change is computed once: the audit does no more to values and bets than this loop does.
    once = traces.compute(held.transcript, units, resamples=99, rng=np.random.default_rng(0))
    predictors = residuals.Predictors(references=units.references, features=units.features)
    values, bets = rank.normal_scores(once.residual), residuals.sequential_bets(units.scores, predictors)
    values, bets = values[: ROWS // 2], bets[: ROWS // 2]
    rng, pvalues, peaks = np.random.default_rng(1), [], []
    for _ in range(AUDITS):
        times, strata = scenario(rng, len(values))
        curves = recency.curves(list(times), run_length=int(times.max()) + 1)
        test = permutation.family_test(values, curves, strata=strata, resamples=199, rng=rng)
        pvalues.append(test.pvalue)
        peaks.append(betting.order_capital(bets, curves, strata=strata).log10_max)
    for alpha in (0.1, 0.05, 0.01):
        limit = stats.binom.isf(1e-4, AUDITS, alpha)
        assert np.sum(np.array(pvalues) <= alpha + 1e-12) <= limit
        assert np.sum(np.array(peaks) >= -np.log10(alpha)) <= limit
    assert np.mean(np.array(pvalues) <= 0.1) > 0.07


def test_texts_of_twenty_independent_models_are_not(trained):
    """What models write that saw the run's data in other orders overlaps its end no oftener than chance allows."""
    encoder, pvalues = tokenizers.load(str(trained.tokenizer)), []
    for index in range(20):
        model = training.load(trained.folder / "models" / f"independent-{index}")
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(index)
            written = model.generate(
                torch.zeros((16, 1), dtype=torch.long), do_sample=True, max_new_tokens=48, pad_token_id=0
            )
        found = overlap.audit(trained.transcript, _documents(*encoder.batch_decode(written)), resamples=999)
        assert found.verdict != "evidence"
        pvalues.append(found.pvalue)
    assert len(set(pvalues)) > 10
    for alpha in (0.1, 0.05, 0.01):
        assert np.sum(np.array(pvalues) <= alpha) <= stats.binom.isf(1e-4, 20, alpha)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 2.0, float("nan")])
def test_a_level_that_is_none_is_refused(alpha):
    """Alpha must lie strictly between 0 and 1; it is looked at before anything is done."""
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        overlap.audit("gone.parquet", [], alpha=alpha)

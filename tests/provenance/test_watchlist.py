"""The watch-list scan against its definition, spelled out, and against infini-gram."""

import pydoc_data.topics
import re
import subprocess
import sys
from collections import Counter

import numba.core.caching
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from infini_gram.engine import InfiniGramEngine

from provenance.audits.overlap import compiled, watchlist
from provenance.errors import InputError

ROWS = st.lists(st.lists(st.integers(0, 3), max_size=14), min_size=1, max_size=8)
TEXTS = st.lists(st.lists(st.integers(-1, 4), max_size=14), min_size=1, max_size=3)


def _ids(tokens):
    return np.array(tokens, dtype=np.int32)


def _batch(rows):
    edges = np.cumsum([0, *map(len, rows)])
    return watchlist.Batch(tokens=_ids([token for row in rows for token in row]), edges=edges)


def _overlap(texts, rows, *, max_ngram=8, limit=1000, weight="longest"):
    """Scan rows one by one, two at a time, and so on."""
    listed = watchlist.build([_ids(text) for text in texts], max_ngram=max_ngram)
    parts = [rows[:1], rows[1:3], rows[3:]]
    found = watchlist.scan(listed, [_batch(part) for part in parts if part], limit=limit)
    return watchlist.overlap(listed, found, weight=weight)


def _grams(tokens, n):
    return [tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)]


def _by_definition(texts, rows, *, max_ngram, limit, weight):
    """χ, the longest match at each position, and the document frequencies that count, as statistics.md says it."""
    held = [{gram for n in range(1, max_ngram + 1) for gram in _grams(row, n)} for row in rows]
    anywhere = set().union(*held)
    longest, wanted = [], set()
    for text in texts:
        for at in range(len(text)):
            lengths = [
                n for n in range(1, max_ngram + 1) if tuple(text[at : at + n]) in anywhere and at + n <= len(text)
            ]
            longest.append(max(lengths, default=0))
            if lengths:
                wanted.add(tuple(text[at : at + max(lengths)]))
    times = Counter(gram for text in texts for n in range(1, max_ngram + 1) for gram in _grams(text, n))
    if weight == "relative":
        wanted = {gram for gram in anywhere if gram in times and len(gram) >= min(2, max_ngram)}
    frequency = {gram: sum(gram in row for row in held) for gram in wanted}
    counted = {gram: count for gram, count in frequency.items() if count <= limit}
    weights = {gram: 1 / count if weight == "longest" else times[gram] / (1 + count) for gram, count in counted.items()}
    chi = [sum(value for gram, value in weights.items() if gram in row) for row in held]
    return chi, longest, sorted(counted.values()), len(wanted) - len(counted)


@given(TEXTS, ROWS, st.integers(1, 8), st.sampled_from([1, 2, 3, 100]), st.sampled_from(["relative", "longest"]))
def test_the_scan_gives_what_the_definition_says(texts, rows, max_ngram, limit, weight):
    """χ, longest matches, document frequencies and the n-grams left out are those of the definition, on any input."""
    how = {"max_ngram": max_ngram, "limit": limit, "weight": weight}
    found = _overlap(texts, rows, **how)
    chi, longest, frequencies, common = _by_definition(texts, rows, **how)
    np.testing.assert_allclose(found.chi, chi, rtol=1e-12)
    assert found.longest.tolist() == longest
    assert found.frequencies.tolist() == frequencies
    assert found.common == common


@given(TEXTS, ROWS, st.randoms(use_true_random=False), st.sampled_from(["relative", "longest"]))
def test_the_order_of_rows_does_not_matter(texts, rows, random, weight):
    """Rows in another order have the same χ, bit for bit: a file may stand in the order that is the claim."""
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = _overlap(texts, [rows[row] for row in order], limit=2, weight=weight).chi
    assert shuffled.tolist() == _overlap(texts, rows, limit=2, weight=weight).chi[order].tolist()


def test_hits_need_little_room(monkeypatch):
    """Where room for hits runs out, those that have become too common are forgotten, and nothing changes."""
    rng = np.random.default_rng(0)
    texts, rows = [rng.integers(0, 4, 60)], [rng.integers(0, 4, 30) for _ in range(50)]
    roomy = _overlap(texts, rows, limit=5)
    monkeypatch.setattr(watchlist, "FIRST_ROOM", 1)
    listed = watchlist.build([_ids(text) for text in texts], max_ngram=8)
    found = watchlist.scan(listed, [_batch([row]) for row in rows], limit=5)
    assert watchlist.overlap(listed, found, weight="longest").chi.tolist() == roomy.chi.tolist()
    held = np.unique(found.hits.slots, return_counts=True)[1]
    assert held.max() <= 5


def test_what_the_texts_say_more_often_than_the_run_weighs_more():
    """Twice in the texts and in one row is worth a whole, in two rows two thirds; single tokens are worth nothing."""
    rows = [[1, 2, 9], [3, 4], [4, 3, 4]]
    assert _overlap([[1, 2, 5, 1, 2], [3, 4, 0, 3, 4]], rows, weight="relative").chi.tolist() == [1.0, 2 / 3, 2 / 3]


def test_nothing_reaches_over_an_edge():
    """Neither from one row into the next nor from one text into the next is there an n-gram."""
    found = _overlap([[1, 2], [3, 4]], [[9, 1], [2, 3], [4, 9]])
    assert found.longest.tolist() == [1, 1, 1, 1]
    assert found.chi.tolist() == [1.0, 2.0, 1.0]


def test_strange_ids_are_in_no_ngram():
    """Ids that the texts lack, negative or beyond all of theirs, are no match and no error; likewise empty rows."""
    found = _overlap([[5, -1, 5, 6]], [[-1, 5, 2**31 - 1], [], [-(2**31), 6]])
    assert found.longest.tolist() == [1, 0, 1, 1]
    assert found.chi.tolist() == [1.0, 0.0, 1.0]


def test_the_limit_counts_rows():
    """An n-gram in as many rows as the limit counts in each of them, in one row more in none; repeats are one."""
    rows = [[7, 8, 7, 8], [7, 8], [0]]
    assert _overlap([[7, 8]], rows, limit=2).chi.tolist() == [1.0, 1.0, 0.0]
    found = _overlap([[7, 8]], rows, limit=1)
    assert (found.chi.tolist(), found.common, found.frequencies.tolist()) == ([0.0, 0.0, 0.0], 2, [])


def test_more_than_can_be_numbered_is_refused(monkeypatch):
    """Texts with more n-grams, and transcripts with more rows, than there are numbers are an InputError."""
    listed = watchlist.build([_ids([1])], max_ngram=2)
    monkeypatch.setattr(watchlist, "LARGEST", 10)
    with pytest.raises(InputError, match="7 tokens of text are too many"):
        watchlist.build([_ids(range(7))], max_ngram=1)
    with pytest.raises(InputError, match="11 rows are too many"):
        watchlist.scan(listed, [_batch([[1]] * 11)], limit=1)
    with pytest.raises(ValueError, match="n-grams up to 0"):
        watchlist.build([_ids([1])], max_ngram=0)


def test_code_is_compiled_where_no_folder_can_be_written(monkeypatch):
    """In an installation that nobody may write to compiled code is not kept, and works."""
    monkeypatch.setattr(numba.core.caching.FunctionCache._impl_class, "_locator_classes", [])
    doubled = compiled.compiled(lambda number: 2 * number)
    assert doubled(21) == 42


def _prose():
    text = " ".join(pydoc_data.topics.topics[name] for name in ("assignment", "class", "import", "with", "yield"))
    words = re.findall(r"\w+", text)
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return [numbers[word] for word in words]


def _index(folder, rows):
    """Have infini-gram index rows; its files are laid out here, since a folder without a table would crash it."""
    (folder / "data").mkdir()
    edges = np.cumsum([0, *(2 + 2 * len(row) for row in rows)])
    (folder / "tokenized.0").write_bytes(b"".join(b"\xff\xff" + np.array(row, dtype="<u2").tobytes() for row in rows))
    (folder / "offset.0").write_bytes(edges[:-1].astype("<u8").tobytes())
    folders = [
        f"--{name}={folder / place}" for name, place in (("data_dir", "data"), ("temp_dir", ""), ("save_dir", ""))
    ]
    limits = ["--token_dtype=u16", "--cpus=1", "--mem=1", "--shards=1", "--ulimit=4096"]
    subprocess.run([sys.executable, "-m", "infini_gram.indexing", *folders, *limits], check=True, capture_output=True)
    assert (folder / "table.0").exists()
    return InfiniGramEngine(str(folder), eos_token_id=65_534, vocab_size=65_535)


def test_infini_gram_counts_the_same(tmp_path):
    """On prose, infini-gram's index has the same longest matches and the same rows for each: χ comes out equal."""
    words = _prose()
    text, rows = words[:300], [words[at : at + 25] for at in range(300, len(words) - 25, 25)]
    engine, found = _index(tmp_path, rows), _overlap([text], rows, limit=40)
    chi, longest, wanted = np.zeros(len(rows)), [], set()
    for at in range(len(text)):
        grams = [tuple(text[at : at + n]) for n in range(1, 9) if at + n <= len(text)]
        counts = [engine.count(input_ids=list(gram))["count"] for gram in grams]
        longest.append(sum(count > 0 for count in counts))
        wanted |= set(grams[longest[-1] - 1 : longest[-1]]) if longest[-1] else set()
    for gram in wanted:
        low, high = engine.find(input_ids=list(gram))["segment_by_shard"][0]
        held = {engine.get_doc_by_rank(s=0, rank=rank, max_disp_len=1)["doc_ix"] for rank in range(low, high)}
        chi[sorted(held)] += 1 / len(held) if len(held) <= 40 else 0.0
    assert found.longest.tolist() == longest
    assert max(longest) == 8
    assert found.common > 0
    np.testing.assert_allclose(found.chi, chi, rtol=1e-12)

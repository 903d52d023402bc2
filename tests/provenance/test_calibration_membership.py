"""2,000 membership audits of sides that mean nothing to the suspect, and one of sides that do, on real scores."""

import dataclasses
import pydoc_data.topics
import re

import numpy as np
import pytest
from scipy import stats

from provenance import corpora, scoring
from provenance.audits import membership
from provenance.audits.membership import pools, replies, trials, views, weighing
from provenance.records import Document
from provenance.stats import clusters

AUDITS = 2000
WORDS = 20


def _chunks():
    """Paragraphs of Python's language reference, each with the chapter that it is of."""
    seen = set()
    for chapter, text in pydoc_data.topics.topics.items():
        for block in re.split(r"\n\s*\n", text):
            tidy = " ".join(block.split())
            if len(tidy.split()) >= 12 and ">>>" not in tidy and tidy not in seen:
                seen.add(tidy)
                yield chapter, tidy


def _sides(texts, *, clusters=None, half=None):
    half = half or len(texts) // 2
    return tuple(
        membership.Side(
            documents=tuple(Document(id=f"{name}{row}", text=texts[row]) for row in rows),
            sha256=name * 64,
            clusters=tuple(clusters[row] for row in rows) if clusters else None,
        )
        for name, rows in (("a", range(half)), ("b", range(half, len(texts))))
    )


def _prepared(trained, sides):
    """Everything that knows no sides, of texts of which the model saw some."""
    pool = pools.join(*sides)
    scores = scoring.score(views.records(pool), suspect=trained.model("reference"))
    return trials.prepare(replies.gather(pool, scores), min_k=(20, 50))


def _books():
    """Chunks of twenty words of the longer chapters, sixteen of most and twelve of the rest, and their chapters."""
    chunks = {
        chapter: [" ".join(words[at : at + WORDS]) for at in range(0, len(words) - WORDS + 1, WORDS)]
        for chapter, words in ((chapter, text.split()) for chapter, text in pydoc_data.topics.topics.items())
    }
    long = [chapter for chapter in sorted(chunks) if len(chunks[chapter]) >= 16]
    rows = [
        (chapter, text) for row, chapter in enumerate(long) for text in chunks[chapter][: 12 if row % 3 == 0 else 16]
    ]
    return [text for _, text in rows], [chapter for chapter, _ in rows]


@pytest.fixture(scope="module")
def single(trained):
    """Two hundred texts that stand for themselves."""
    return _prepared(trained, _sides([text for _, text in _chunks()][:200]))


@pytest.fixture(scope="module")
def books(trained):
    """Chunks of chapters."""
    texts, chapters = _books()
    return _prepared(trained, _sides(texts, clusters=chapters, half=chapters.index(sorted(set(chapters))[16])))


def _redrawn(prepared, rng):
    """Draw half of the clusters as members."""
    pool = prepared.replies.pool
    count = int(pool.clusters.max()) + 1
    members = np.isin(pool.clusters, rng.permutation(count)[: count // 2])
    gathered = dataclasses.replace(prepared.replies, pool=dataclasses.replace(pool, sides=members))
    return dataclasses.replace(prepared, replies=gathered)


def _deciding(prepared):
    """Give the deciding p-values of many audits with sides drawn anew."""
    rng, found = np.random.default_rng(0), []
    for _ in range(AUDITS):
        pool = _redrawn(prepared, rng).replies.pool
        found.append(weighing.weigh(prepared.table, pool, resamples=199, rng=rng).exchange.pvalues[0])
    return np.array(found)


def _welch(prepared):
    """Give Welch's p-values (normal tail) of the mean log-probabilities of single texts, as often."""
    rng, found, values = np.random.default_rng(1), [], prepared.measured[0].values
    for _ in range(AUDITS):
        sides = _redrawn(prepared, rng).replies.pool.sides
        groups = values[sides], values[~sides]
        se = np.sqrt(sum(group.var(ddof=1) / len(group) for group in groups))
        found.append(stats.norm.sf((groups[0].mean() - groups[1].mean()) / se))
    return np.array(found)


def _exceeded(pvalues):
    """Say for each level whether p is at most it oftener than one such test in ten thousand would have it."""
    count = len(pvalues)
    return [np.sum(pvalues <= alpha + 1e-12) > stats.binom.isf(1e-4, count, alpha) for alpha in (0.1, 0.05, 0.01)]


def test_null_audits_hold_their_level(single):
    """Of 2,000 null audits p ≤ α comes up no oftener than it should, and not much more rarely."""
    deciding = _deciding(single)
    assert not any(_exceeded(deciding))
    assert np.mean(deciding <= 0.1) > 0.05


def test_the_best_of_the_signals_would_not(single):
    """The smallest p of the signals would be a finding far too often, which is why it decides nothing."""
    rng = np.random.default_rng(0)
    drawn = [trials.run(_redrawn(single, rng), resamples=199, rng=rng) for _ in range(400)]
    assert all(_exceeded(np.array([min(trial.alone.pvalues) for trial in drawn])))


def test_null_audits_of_chunks_hold_their_level(books):
    """With chunks of the same chapters the level holds by cluster; Welch's test on the same chunks fails everywhere."""
    deciding = _deciding(books)
    assert not any(_exceeded(deciding))
    assert np.mean(deciding <= 0.1) > 0.05
    assert all(_exceeded(_welch(books)))


def test_a_model_trained_on_the_members_is_found(trained):
    """Of a model that read the release three times, and drawn non-members never, the audit gives evidence."""
    released = [entry.document.text for entry in corpora.read(corpora.open(trained.release / "release"))][:200]
    original = " ".join(entry.document.text for entry in corpora.read(corpora.open(trained.folder / "corpus.jsonl")))
    fresh = [text for _, text in _chunks() if text not in original]
    np.random.default_rng(0).shuffle(fresh)
    unseen = [" ".join(fresh[row : row + 2]) for row in range(0, 2 * len(released), 2)]
    sides = _sides(released + unseen)
    records = views.records(pools.join(*sides))
    suspect, reference = (scoring.score(records, suspect=trained.model(name)) for name in ("with-release", "reference"))
    found = membership.audit(*sides, suspect, references=[reference])
    assert found.pvalue == 1e-4
    assert found.verdict == "evidence"


def test_twenty_independent_models_are_not_accused(trained):
    """Of texts, some of three words, drawn anew for each of twenty models, p is small no oftener than it may."""
    texts, rng, pvalues = [text for _, text in _chunks()][:90], np.random.default_rng(1), []
    texts += dict.fromkeys(" ".join(text.split()[:3]) for text in texts[:20])
    for index in range(20):
        sides = _sides(rng.permutation(texts).tolist())
        suspect = scoring.score(views.records(pools.join(*sides)), suspect=trained.model(f"independent-{index}"))
        found = membership.audit(*sides, suspect, resamples=999)
        assert found.verdict != "evidence"
        pvalues.append(found.pvalue)
    for alpha in (0.1, 0.05, 0.01):
        assert np.sum(np.array(pvalues) <= alpha) <= stats.binom.isf(1e-4, 20, alpha)


def test_members_before_the_prefix_leave_with_it():
    """Of 2,000 random splits of texts whose scores follow the hash, p ≤ .05 comes up no oftener than it should.

    The texts before the last of the prefix are all members but for those in it: left in, they would be no draw.
    """
    rng, rejected = np.random.default_rng(0), 0
    texts = [Document(id=str(row), text=f"text {row} of sixty") for row in range(60)]

    def drawn():
        order = rng.permutation(60)
        parts = (tuple(texts[row] for row in rows) for rows in (order[:30], order[30:]))
        return pools.join(*(membership.Side(documents=part, sha256="0" * 64) for part in parts))

    liked = {text: -at for at, text in enumerate(drawn().texts)}
    for _ in range(AUDITS):
        pool = drawn()
        left = pool.keep(~views.prefix(pool).rows)
        values = np.array([[float(liked[text])] for text in left.texts])
        found = clusters.exchange(values, left.sides, left.clusters, resamples=39, rng=rng)
        rejected += found.pvalues[0] <= 0.05 + 1e-12
    assert rejected <= stats.binom.isf(1e-4, AUDITS, 0.05)

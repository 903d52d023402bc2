"""Attacks change what they say they change, and the benchmark prints what it promises."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import transformers

from provenance import training
from provenance.language.surprisal import surprisal
from watermark import sites

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))
catalogue, findings, gathering, paraphrasing, wording = (
    importlib.import_module(f"attacking.{name}")
    for name in ("catalogue", "findings", "gathering", "paraphrasing", "wording")
)

TEXTS = [
    "The council decided to purchase a large building near the river. Many visitors wanted a quiet place to rest.",
    "The old mayor quickly announced that the work would begin. It was a huge surprise to “everyone” – even Ann.",
    "She bought a large house. The long winter came to the town before the work had begun.",
]
LONG = [" ".join(f"word{(row * 97 + place) % 1000}" for place in range(80)) for row in range(5)]


@pytest.fixture
def rng():
    """Randomness that every test begins anew."""
    return np.random.default_rng(3)


def test_random_synonyms_draw_among_a_sites_options(rng):
    """What stands at a site is drawn from its options, the one that stood there among them."""
    text = "She bought a large house."
    found = {wording.random_synonyms([text], rng=rng)[0] for _ in range(60)}
    bought, *_ = sites.find(text, rules=wording.WIDE)
    assert {other.removeprefix("She ").partition(" a ")[0] for other in found} == set(bought.options)


def test_frequent_synonyms_take_the_commonest_wording(rng):
    """Rare wordings give way to common ones, and once more nothing changes."""
    after = wording.frequent_synonyms(["She purchased a large house."], rng=rng)
    assert after[0].startswith("She bought a ")
    assert surprisal(after[0].split()[3]) < surprisal("large")


def test_deletion_drops_about_the_share_that_it_is_told(rng):
    """Words go, those that stay keep their order, and `changed` counts them."""
    after = wording.delete_words(LONG, rng=rng, share=0.3)
    assert wording.changed(LONG, after) == pytest.approx(0.3, abs=0.08)
    assert all(set(new.split()) <= set(old.split()) for old, new in zip(LONG, after, strict=True))
    assert wording.delete_words(TEXTS, rng=rng, share=0.0) == TEXTS


def test_normalisation_leaves_words_and_paragraphs(rng):
    """Small letters, no punctuation outside words, paragraphs kept; no word counts as changed."""
    (after,) = wording.normalise(["“Well-known” facts, Ann’s e-mail:\n\nNext – one."], rng=rng)
    assert after == "well-known facts ann's e-mail\n\nnext one"
    assert wording.changed(TEXTS, wording.normalise(TEXTS, rng=rng)) == 0


def test_changed_is_the_share_of_words_that_are_gone():
    """One word of five replaced is a fifth; added words cost nothing; case is not looked at."""
    assert wording.changed(["one two three four five"], ["one two 3 four five"]) == pytest.approx(0.2)
    assert wording.changed(["one two"], ["One more two"]) == 0


def test_part_takes_a_share_in_order(rng):
    """Half of six texts are three of them, in their order; at least one is always taken."""
    texts = [str(row) for row in range(6)]
    taken = gathering.part(texts, rng=rng, share=0.5)
    assert len(taken) == 3
    assert taken == sorted(taken)
    assert len(gathering.part(texts, rng=rng, share=0.01)) == 1


def test_copies_hold_each_text_twice_and_near_copies(rng):
    """Of each text there are two equal ones, and near-copies that lack a few words."""
    found = gathering.copies(LONG, rng=rng)
    assert len(found) == (2 + gathering.NEAR_COPIES) * len(LONG)
    assert all(found.count(text) >= 2 for text in LONG)


def test_deduplication_removes_what_it_is_for(rng):
    """Exact copies fall to exact, near-copies to near deduplication; different texts stay."""
    found = gathering.copies(LONG, rng=rng)
    exact = gathering.without_copies(found)
    assert sorted(set(found)) == sorted(exact)
    assert len(gathering.without_near_copies(found)) == len(LONG)
    assert gathering.without_near_copies(LONG) == LONG


def test_repeated_sentences_stay_once():
    """A sentence that stands in every document stays in the first alone."""
    odd = "Violet herons borrow the thirteenth clock."
    marked = [f"{text} {odd}" for text in TEXTS]
    assert gathering.without_repeats(marked) == [marked[0], *TEXTS[1:]]
    assert gathering.without_repeats(["Again. Again.", "Again."]) == ["Again."]


def test_every_attack_of_the_catalogue_gives_texts(rng):
    """Attacks that rewrite give one text for each; the others as many as their names say."""
    supplies = catalogue.Supplies(others=[f"Other text number {row}." for row in range(12)])
    sizes = {
        (attack.name, attack.strength): len(catalogue.apply(attack, TEXTS, supplies, rng=rng).texts)
        for attack in catalogue.CATALOGUE
        if attack.name != catalogue.PARAPHRASE
    }
    assert {sizes["no attack", ""], sizes["normalisation", "case, punctuation"]} == {3}
    assert (sizes["mixing", "1:1"], sizes["mixing", "1:4"]) == (6, 15)
    assert sizes["partial use", "50 %"] == 2


def test_paraphrase_needs_a_model(rng):
    """Without a model there is nothing to apply, and the row says so."""
    (attack,) = (one for one in catalogue.CATALOGUE if one.name == catalogue.PARAPHRASE)
    with pytest.raises(ValueError, match="no paraphraser was given"):
        catalogue.apply(attack, TEXTS, catalogue.Supplies(others=[]), rng=rng)
    row = findings.not_measured("keyed", attack, catalogue.NOT_GIVEN)
    assert row["p"] is None
    assert "not measured: no paraphraser was given" in findings.table([row])


@pytest.mark.parametrize("kind", ["causal", "sequence-to-sequence"])
def test_paraphrase_takes_either_kind_of_model(kind, tmp_path, rng):
    """A model that was never trained writes nonsense, sentence by sentence, and every text gets an answer."""
    tokenizer = training.train_tokenizer(TEXTS * 3, vocabulary=300, out=tmp_path)
    if kind == "causal":
        shape = training.Shape(layers=1, width=16, heads=2, vocabulary=len(tokenizer), context=512)
        model = training.new_model(shape, seed=0)
    else:
        model = transformers.T5ForConditionalGeneration(
            transformers.T5Config(
                vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2,
                pad_token_id=0, eos_token_id=0, decoder_start_token_id=0,
            )
        )  # fmt: skip
    training.save(model, tmp_path, tokenizer=tokenizer)
    after = paraphrasing.paraphrase(TEXTS[:2], rng=rng, model=str(tmp_path))
    assert len(after) == 2
    assert after != TEXTS[:2]
    assert all(after)


def test_a_tiny_run_finds_the_mark_where_it_was_trained_on_and_not_else():
    """JSON has settings and rows; the unattacked keyed mark is evidence, the model that never saw it shows less."""
    tried = ("no attack", "never trained on it", "paraphrase")
    only = [part for name in tried for part in ("--only", name)]
    done = subprocess.run(
        [
            sys.executable,
            str(BENCHMARKS / "attacks.py"),
            "--json",
            "--documents",
            "20",
            "--epochs",
            "4",
            "--mark",
            "keyed",
            *only,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {"seed", "documents", "words_changed_by_marking"} <= found["settings"].keys()
    trained, never, paraphrased = found["rows"]
    assert [row["attack"] for row in found["rows"]] == list(tried)
    assert trained["log10_p_bound"] < never["log10_p_bound"] - 2
    assert trained["p"] <= 0.001 < never["p"]
    assert trained["low"] <= trained["auroc"] <= trained["high"]
    assert trained["words_changed"] == 0
    assert paraphrased["not_measured"] == "no paraphraser was given"

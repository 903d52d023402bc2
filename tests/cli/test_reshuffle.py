"""``provtool audit reshuffle``."""

import json
import shutil

import numpy as np
import pytest

from provenance import evidence, reruns, scoring, tokenizers, training, transcripts
from provenance.transcripts import record

TIMES, STEP = 9, 2
SHAPE = training.Shape(layers=1, width=16, heads=2, vocabulary=300, context=64)
TEXT = "The committee began its work early. It required help to finish the main task.\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Train a tiny run, recorded, with a checkpoint, and run its last phase again nine times and once."""
    folder = tmp_path_factory.mktemp("run")
    tokenizer = training.train_tokenizer([TEXT] * 3, vocabulary=300, out=folder / "tokenizer")
    rows = np.random.default_rng(0).integers(300, size=(24, 8), dtype=np.int32)
    run = record.Run(folder / "run.parquet", ids=[f"r{row}" for row in range(24)], seed=0)
    model = training.train(
        training.new_model(SHAPE, seed=0),
        rows,
        order=run.draw(0),
        schedule=training.Schedule(batch=3, learning_rate=1e-2, warmup=1),
        after_step=lambda count: run.step(rows=count),
        checkpoints={STEP: folder / "checkpoint"},
    )
    training.save(model, folder / "final", tokenizer=tokenizer)
    named = tokenizers.identify(tokenizer, str(folder / "tokenizer"))
    run.finish(tokens=rows.tolist(), tokenizer=named)
    recipe = reruns.Recipe(batch=3, scheduler="constant")
    phase = reruns.phase_of_transcript(transcripts.read(folder / "run.parquet"), step=STEP, rows_per_step=recipe.rows)
    reruns.rerun_phase(folder / "checkpoint", phase, recipe=recipe, times=TIMES, seed=0, out=folder / "reruns")
    return folder


@pytest.fixture
def here(run, made, tmp_path):
    """Lay the run and a text into the folder of this test."""
    del run
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    (tmp_path / "t.txt").write_text(TEXT * 3)
    return tmp_path


def test_a_folder_of_reruns(run, here):
    """All re-runs are asked; evidence and answers lie beside the text, the report reads it, a bundle verifies."""
    how = ("--reruns", "reruns", "--model", "final", "--transcript", "run.parquet", "--bundle", "b")
    done = run("audit", "reshuffle", "t.txt", *how)
    assert done.code == 0, done.err
    found = evidence.read(here / "t.reshuffle.json")
    assert found.verdict == "inconclusive"
    assert "needs 999 re-runs" in " ".join(done.err.split())
    assert {gate.name: gate.passed for gate in found.gates} == {
        "within-reach": False,
        "reruns-differ": True,
        "shuffle-record": True,
        "original-rerun-is-the-run": True,
    }
    assert found.pvalue * (TIMES + 1) in range(1, TIMES + 2)
    assert len(list((here / "t.reshuffle.scores").iterdir())) == TIMES + 2
    assert run("report", "t.reshuffle.json", "--out", "r.html").code == 0
    assert "trained again" in (here / "r.html").read_text()
    shutil.rmtree(here / "reruns")
    done = run("verify", "b")
    assert done.code == 0, done.out


def test_models_named_one_by_one_and_kept_answers(run, here):
    """Naming every re-run, or the answers kept before, gives the numbers that the folder gives."""
    assert (here / "reruns").is_dir()
    named = [part for number in range(1, TIMES + 1) for part in ("--rerun", f"reruns/reshuffled-{number:04d}")]
    folder = json.loads(run("audit", "reshuffle", "t.txt", "--reruns", "reruns", "--out", "-", "--alpha", "0.1").out)
    one = json.loads(
        run("audit", "reshuffle", "t.txt", "--run", "hf:reruns/original", *named, "--out", "-", "--alpha", "0.1").out
    )
    kept = json.loads(
        run("audit", "reshuffle", "t.txt", "--scores", "t.reshuffle.scores", "--json", "--alpha", "0.1").out
    )
    for other in (one, kept):
        for part in ("pvalue", "verdict", "statistic", "effect", "asymptotic"):
            assert other[part] == folder[part]
    assert kept["inputs"] == one["inputs"]
    assert any("owner's word" in note for note in one["caveats"])
    assert folder["verdict"] in {"evidence", "no-evidence"}


def test_the_text_may_be_a_stream(run, here):
    """Standard input is read as prose; evidence and answers are named after it, and a verdict can fail the command."""
    done = run("audit", "reshuffle", "-", "--reruns", "reruns", "--fail-on", "inconclusive", stdin=TEXT.encode())
    assert done.code == 3
    assert evidence.read(here / "stdin.reshuffle.json").suspect["suspect"] == "-"
    assert (here / "stdin.reshuffle.scores" / "run.parquet").exists()


def test_resamples_are_the_reruns(run, here):
    """--resamples, which every audit takes, changes nothing, and the command says so."""
    plain = json.loads(run("audit", "reshuffle", "t.txt", "--reruns", "reruns", "--out", "-").out)
    done = run("audit", "reshuffle", "t.txt", "--reruns", "reruns", "--resamples", "999", "--out", "-")
    assert json.loads(done.out) == plain
    assert "--resamples changes nothing here" in done.err
    assert (here / "t.reshuffle.scores").exists()


def test_fewer_reruns_leave_no_answers_of_more(run, here):
    """Answers of an earlier audit with more re-runs do not mix with those of this one."""
    run("audit", "reshuffle", "t.txt", "--reruns", "reruns")
    named = [part for number in (1, 2) for part in ("--rerun", f"reruns/reshuffled-{number:04d}")]
    run("audit", "reshuffle", "t.txt", "--run", "reruns/original", *named)
    left = sorted(path.stem for path in (here / "t.reshuffle.scores").iterdir())
    assert left == ["rerun-0001", "rerun-0002", "run"]


def test_bad_input_is_one_line(run, here, refused):
    """No folder of re-runs, a gap in it, another run's transcript, no saved answers: one line, and nothing is left."""
    assert "reruns.json" in refused("audit", "reshuffle", "t.txt", "--reruns", "final")
    assert "no such file" in refused("audit", "reshuffle", "none.txt", "--reruns", "reruns")
    assert "no run.parquet" in refused("audit", "reshuffle", "t.txt", "--scores", "final")
    assert "alpha" in run("audit", "reshuffle", "t.txt", "--reruns", "reruns", "--alpha", "0").err
    shutil.rmtree(here / "reruns" / "reshuffled-0004")
    assert "re-run 4 of 9 is missing" in refused("audit", "reshuffle", "t.txt", "--reruns", "reruns")


def test_a_rerun_twice_is_refused(run, here):
    """A copy under another name is known by its weights."""
    shutil.copytree(here / "reruns" / "reshuffled-0001", here / "copy")
    named = [part for name in ("reruns/reshuffled-0001", "copy") for part in ("--rerun", name)]
    done = run("audit", "reshuffle", "t.txt", "--run", "reruns/original", *named)
    assert done.code == 1
    assert "hf:copy has the same weights as hf:reruns/reshuffled-0001" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--run", "reruns/original"],
        ["--run", "reruns/original", "--rerun", "final"],
        ["--rerun", "final", "--rerun", "final"],
        ["--run", "a", "--rerun", "b", "--rerun", "c", "--reruns", "reruns"],
        ["--scores", "x", "--model", "final"],
    ],
    ids=" ".join,
)
def test_usage(run, here, arguments):
    """Neither or both ways of giving re-runs, and too few of them are usage mistakes."""
    del here
    assert run("audit", "reshuffle", "t.txt", *arguments).code == 2


def test_answers_about_another_text(run, here):
    """Kept answers are of one text and no other."""
    run("audit", "reshuffle", "t.txt", "--reruns", "reruns")
    (here / "u.txt").write_text("Another text.")
    done = run("audit", "reshuffle", "u.txt", "--scores", "t.reshuffle.scores")
    assert done.code == 1
    assert "made from other files" in done.err
    assert scoring.read(here / "t.reshuffle.scores" / "run.parquet").rendering == "text"

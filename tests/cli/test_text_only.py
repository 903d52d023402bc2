"""Models without log-probabilities from the command line."""

import json

import pytest

from provenance import scoring

QUERIES = 200


@pytest.fixture
def writer(serving, trained, monkeypatch):
    """Give a function that serves one of the session's models as text alone, while a block lasts."""
    for name in ("PROVTOOL_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return lambda name: serving.serve(serving.writing(trained.model(name).removeprefix("hf:")))


def test_a_release_is_found_in_a_model_that_gives_text_alone(run, trained, writer, tmp_path):
    """Held to the wordings of the sites, a few draws at each tell that a model was trained on the release."""
    with writer("with-release") as server, writer("reference") as reference:
        names = ("--suspect", f"text-only:{server.url}#m", "--reference", f"text-only:{reference.url}#m")
        asked = ("--queries", QUERIES, "--continuations", 4, "--alpha", 0.01, "--out", "e.json")
        done = run("audit", "watermark", trained.release / "ledger.parquet", *names, *asked)
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "e.json").read_text())
    said = {name: found["suspect"][name] for name in ("kind", "held", "rendering")}
    assert said == {"kind": "text-only", "held": "structured_outputs", "rendering": "agreement"}
    assert found["verdict"] == "evidence"


def test_draws_are_counted_before_they_are_paid_for(run, corpus, serving, tmp_path):
    """--dry-run says how much so many draws are, and what they cost, after the first look alone; more cost more."""
    said = []
    with serving.serve(serving.knowing(["The train left the old station in New York at night"])) as server:
        for draws in (4, 400):
            looks = len(server.asked)
            terms = ("--continuations", draws, "--price-per-million-tokens", 1000, "--dry-run")
            done = run("score", corpus, "--suspect", f"text-only:{server.url}#m", *terms, "--out", "s.parquet")
            assert done.code == 0, done.err
            [line] = [line for line in done.err.splitlines() if line.startswith("cost")]
            said.append(float(line.split("about ")[1].split()[0].replace(",", "")))
            assert len(server.asked) - looks == 3
    assert said[1] > 20 * said[0] > 0
    assert not (tmp_path / "s.parquet").exists()


def test_scores_of_draws_are_not_those_of_log_probabilities(run, corpus, serving, tmp_path):
    """A table says how its numbers came about: rendering agreement, draws, measure, temperature."""
    with serving.serve(serving.knowing(["The train left the old station in New York at night"])) as server:
        done = run(
            "score", corpus, "--suspect", f"text-only:{server.url}#m", "--continuations", 2, "--out", "s.parquet"
        )
    assert done.code == 0, done.err
    scores = scoring.read(tmp_path / "s.parquet")
    assert scores.rendering == "agreement"
    assert {name: scores.suspect[name] for name in ("continuations", "measure", "temperature", "held")} == {
        "continuations": 2,
        "measure": "ngrams",
        "temperature": 1.0,
        "held": None,
    }

"""The benchmarks of wordings run, and print what they promise."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PROSE = (
    "The council decided to purchase a large building near the river, because many visitors wanted a quiet place to "
    "rest, and the old mayor quickly announced that the work would begin before the long winter came to the town."
)
TARGETS = {
    "begin": ("The work will begin soon.", "VERB", {"start": 10, "finish": 0}),
    "large": ("She owned a large boat.", "ADJ", {"big": 9, "huge": 6, "red": 0}),
    "quickly": ("He quickly left the room.", "ADV", {"rapidly": 8, "slowly": 0}),
    "purchase": ("They wanted to purchase it.", "VERB", {"buy": 10, "sell": 0}),
}


def run(script, *arguments):
    """Run a benchmark and read its JSON."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments, "--json"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.fixture
def swords(tmp_path):
    """Four targets in the form of SWORDS v1.1, written here."""
    data = {"contexts": {}, "targets": {}, "substitutes": {}, "substitute_labels": {}}
    for word, (context, pos, judged) in TARGETS.items():
        data["contexts"][f"c:{word}"] = {"context": context}
        data["targets"][f"t:{word}"] = {
            "context_id": f"c:{word}", "target": word, "offset": context.index(word), "pos": pos,
        }  # fmt: skip
        for other, yes in judged.items():
            data["substitutes"][f"s:{word}:{other}"] = {"target_id": f"t:{word}", "substitute": other}
            data["substitute_labels"][f"s:{word}:{other}"] = ["TRUE"] * yes + ["FALSE"] * (10 - yes)
    path = tmp_path / "swords.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_acceptability_counts_what_judges_accept(swords):
    """Coverage and precision are shares of the targets, and the curve begins at 30 %."""
    found = run("acceptability.py", "--swords", str(swords), "--encoder", "none")
    assert found["targets"] == 4
    assert found["coverage"] == 1
    assert found["precision"] in {0.75, 1}
    assert found["curve"][0] == [0.3, 1.0]
    assert [coverage for coverage, _ in found["curve"]] == sorted(coverage for coverage, _ in found["curve"])
    assert found["peers"] == {}


def test_embedding_times_all_three(tmp_path):
    """Marking is timed alone, with the encoder and as published, and shares are shares."""
    lines = [
        json.dumps({"text": f"{PROSE} It happened in the year of the {row} storms, as they say."}) for row in range(40)
    ]
    (tmp_path / "prose.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = run("embedding.py", "--corpus", str(tmp_path / "prose.jsonl"), "--words", "150", "--read", "40")
    assert found["words_per_s"] > 0
    assert 0 < found["encoder_share"] <= 1
    assert found["speedup_published"] == pytest.approx(found["encoder_words_per_s"] / found["published_words_per_s"])
    assert found["peak_mb"] > 100

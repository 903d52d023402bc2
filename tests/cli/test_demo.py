"""``provtool demo``, in small: every step for real, with too little data to find anything."""

import json

import pytest

from cli.demo import models, prose, run
from provenance import corpora, evidence
from provenance.errors import InputError

PARAGRAPH = (
    "The keeper of the lighthouse wrote down every ship that passed, what it carried, where it came from, and how the "
    "weather was on that day, so that nobody could later say otherwise {}."
)


def test_prose_is_paragraphs_and_none_twice(tmp_path):
    """Code, short lines and repeats are left out; documents are whole paragraphs."""
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    blocks = [PARAGRAPH.format(word) for word in words]
    lines = [*blocks, blocks[0], "Too short.", ">>> " + blocks[1], "x = 1\n" * 30]
    path = tmp_path / "c.jsonl"
    path.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines))
    found = prose.gather(path, characters=900)
    paragraphs = [part for document in found for part in document.split("\n\n")]
    assert paragraphs == blocks[: len(paragraphs)]
    assert all(len(document.split()) >= prose.DOCUMENT_WORDS for document in found)
    with pytest.raises(InputError, match="expected at least 5,000"):
        prose.gather(path, characters=5_000)


@pytest.fixture
def small(monkeypatch):
    """The demo with a thousandth of its data."""
    for name, value in {
        "RUN_SEQUENCES": 80,
        "LATER_SEQUENCES": 16,
        "OTHER_SEQUENCES": 16,
        "RELEASE_DOCUMENTS": 30,
        "CHARACTERS": 120_000,
    }.items():
        monkeypatch.setattr(run, name, value)
    monkeypatch.setattr(models, "LENGTH", 64)


@pytest.mark.usefixtures("small")
def test_the_whole_loop_leaves_everything_behind(tmp_path, capsys):
    """Release, ledger, transcript, six models, scores, four findings and the report are all there."""
    told = run.command.main(["--out", str(tmp_path / "out"), "--seed", "3"], standalone_mode=False)
    out = tmp_path / "out"
    findings = {path.stem: evidence.read(path) for path in sorted(out.glob("*.*.json"))}
    assert {name.partition(".")[0] for name in findings} == {"order", "watermark"}
    assert len(findings) == 4
    assert told["verdicts"] == {str(out / f"{name}.json"): found.verdict for name, found in findings.items()}
    assert {found.n for name, found in findings.items() if name.startswith("order")} == {80}
    assert len(list((out / "models").iterdir())) == 7
    assert len(list((out / "scores").iterdir())) == 6
    assert sum(1 for _ in corpora.read(corpora.open(out / "marked" / "release"))) == 30
    assert "<h1" in (out / "report.html").read_text()
    said = capsys.readouterr().err
    assert "Does it derive from our run?" in said
    assert "report.html" in said

"""Parts of a corpus: whoever marks them, all of them are marked, once, in order."""

import json

import pytest

from provenance import processes
from provenance.records import Document
from watermark import embedding, ledger, parts
from watermark.keys import Key
from watermark.marking import Embedding, Task
from watermark.rules import SiteRules

KEY = Key(secret=bytes(range(32)), id="test")
MANY = 4 * processes.AHEAD
"""More parts than two processes are ever given ahead."""


def jobs(folder, count):
    """Give parts of one document each."""
    for number in range(count):
        document = Document(id=f"d{number}", text=f"The large house number {number} was finished quickly.")
        tasks = (Task(document=document, row=number),)
        yield parts.Job(tasks=tasks, path=folder / f"{number}.parquet", how=Embedding(), key=KEY, counts=None)


@pytest.mark.parametrize("workers", [1, 2])
def test_no_part_is_passed_over(tmp_path, workers):
    """However many parts there are for each process, all come back, in order."""
    seen = []
    done = list(parts.run(jobs(tmp_path, MANY), workers=workers, progress=seen.append))
    assert [marked.id for part in done for marked in part.marked()] == [f"d{number}" for number in range(MANY)]
    assert seen == [1] * MANY


def test_two_processes_write_the_bytes_of_one(tmp_path, monkeypatch):
    """Release, ledger and certificate are the same however many processes marked the corpus."""
    monkeypatch.setattr(parts, "MOST_DOCUMENTS", 1)
    rows = [{"id": job.tasks[0].document.id, "text": job.tasks[0].document.text} for job in jobs(tmp_path, MANY)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = [
        embedding.release(tmp_path / "c.jsonl", key=KEY, out=tmp_path / f"m{workers}", workers=workers)
        for workers in (1, 2)
    ]
    assert made[0].counts == made[1].counts
    assert made[0].counts.marked == MANY
    for name in ("release/c.jsonl", "ledger.parquet", "certificate.json"):
        assert (tmp_path / "m1" / name).read_bytes() == (tmp_path / "m2" / name).read_bytes()


def test_a_part_ends_after_so_many_documents_or_characters(monkeypatch):
    """Documents are cut into parts by their number and length alone, and none is cut or lost."""
    monkeypatch.setattr(parts, "MOST_DOCUMENTS", 3)
    monkeypatch.setattr(parts, "MOST_CHARACTERS", 10)
    lengths = [1, 1, 1, 1, 9, 2, 30, 0]
    tasks = [Task(document=Document(id=str(row), text="x" * length)) for row, length in enumerate(lengths)]
    cut = [[len(task.document.text) for task in part] for part in parts.cut(tasks)]
    assert cut == [[1, 1, 1], [1, 9], [2], [30], [0]]


def test_words_are_counted_anew_for_another_corpus(tmp_path):
    """A second release in one process, under the same name, is not marked by the word counts of the first."""
    how, text = Embedding(entropy="corpus", rules=SiteRules(per_sentence=1)), "The large house was purchased quickly."
    sites = []
    for rare in ("large", "purchased"):
        common = " ".join({"large", "purchased", "quickly"} - {rare})
        (tmp_path / "c.jsonl").write_text(json.dumps({"text": f"{text} {f'{common} ' * 50}"}) + "\n")
        made = embedding.release(tmp_path / "c.jsonl", key=KEY, out=tmp_path / "m", embedding=how, force=True)
        sites.append(next(ledger.stream(made.ledger)).sites[0].word)
    assert sites == ["large", "purchased"]

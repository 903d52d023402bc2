"""Texts that suspects write for the audits of texts."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from provenance import corpora, sampling
from provenance.errors import InputError, MismatchError, SuspectError
from provenance.records import Record
from provenance.suspects import drawing, writers
from provenance.suspects.terms import Patience, Terms
from provenance.suspects.writers import Manuscript
from provenance.transcripts import tables

QUICK = Patience(attempts=3, timeout=5.0, pause=0.002)
SHORT = Manuscript(length=12)
TEXT = "Our ferry left at nine and the harbour lay quiet until the second boat came round the point at noon."
PROGRAM = """
import sys
from provenance import sampling
from provenance.suspects import writers
class Slow(writers.Local):
    def write(self, *given, **how):
        if (batches.append(0) or len(batches)) == 3:
            print("third", flush=True)
            import time; time.sleep(60)
        return super().write(*given, **how)
batches = []
local = writers.load(sys.argv[1])
slow = Slow(suspect=local.suspect, ends=local.ends)
sampling.sample(slow, tokens=700, out=sys.argv[2], how=writers.Manuscript(length=12))
"""


def _rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def ours(trained):
    """Open a trained model as one who writes."""
    return writers.load(trained.model("ours"))


def test_a_model_writes_as_many_tokens_as_asked(ours, tmp_path):
    """Same seed, same bytes; another seed, other texts; every text has its length and an end; corpora read it."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        done = sampling.sample(ours, tokens=300, out=tmp_path / f"{name}.jsonl", how=SHORT, seed=seed)
        assert 300 <= done.tokens <= 300 + sampling.BATCH * SHORT.length
    rows = _rows(tmp_path / "a.jsonl")
    assert (
        sum(row["tokens"] for row in rows)
        == sampling.sample(ours, tokens=300, out=tmp_path / "a.jsonl", how=SHORT, seed=1).tokens
    )
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert _rows(tmp_path / "c.jsonl") != rows
    assert {row["finish"] for row in rows} <= {"length", "stop"}
    assert [row["id"] for row in rows[:2]] == ["text-000000", "text-000001"]
    assert len({row["text"] for row in rows}) > 20
    read = list(corpora.read(corpora.open(tmp_path / "a.jsonl")))
    assert len(read) == len(rows)
    about = json.loads((tmp_path / "a.jsonl.sampling.json").read_text())
    assert (about["suspect"]["kind"], about["settings"]["length"], about["prompts"]) == ("hf", 12, None)


def test_texts_go_on_from_their_prompts(ours, tmp_path, trained):
    """Prompts of different lengths are each read whole: a likeliest text is the one that the prompt alone gives."""
    run = tables.read(trained.transcript)
    records = list(tables.records(run))[:3]
    prompts = [
        sampling.Prompt(id=record.id, text=writers.opening(record, run.tokenizer, length=length))
        for record, length in zip(records, (5, 9, 14), strict=True)
    ]
    greedy = Manuscript(length=6, temperature=0)
    sampling.sample(ours, tokens=50, out=tmp_path / "t.jsonl", how=greedy, prompts=prompts)
    rows = _rows(tmp_path / "t.jsonl")
    assert [row["prompt"] for row in rows[:4]] == [prompts[row % 3].id for row in range(4)]
    for row, prompt in zip(rows, prompts, strict=False):
        assert ours.write([prompt.text], greedy, seed=9)[0].text == row["text"]


def test_a_killed_run_goes_on(ours, tmp_path, trained):
    """SIGKILL in the third batch: two are kept, a torn line is dropped, and the bytes are those of one go."""
    sampling.sample(ours, tokens=700, out=tmp_path / "whole.jsonl", how=SHORT)
    out = tmp_path / "t.jsonl"
    command = [sys.executable, "-c", PROGRAM, trained.model("ours"), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout.readline() == "third\n"
        process.send_signal(signal.SIGKILL)
    part = tmp_path / "t.jsonl.part"
    assert len(_rows(part)) == 2 * sampling.BATCH
    with part.open("a") as stream:
        stream.write('{"id": "text-0000')
    seen = []
    sampling.sample(ours, tokens=700, out=out, how=SHORT, progress=lambda done, _total: seen.append(done))
    assert seen[0] > 0
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert not part.exists()


def test_other_settings_are_refused(ours, tmp_path):
    """Texts of another seed, length or suspect are not mixed; a changed or foreign file is told."""
    out = tmp_path / "t.jsonl"
    sampling.sample(ours, tokens=100, out=out, how=SHORT)
    with pytest.raises(MismatchError, match="texts of another settings are there"):
        sampling.sample(ours, tokens=100, out=out, how=SHORT, seed=5)
    with pytest.raises(MismatchError, match="texts of another prompts are there"):
        sampling.sample(ours, tokens=100, out=out, how=SHORT, prompts=[sampling.Prompt(id="a", text="b")])
    out.write_text(out.read_text() + "{}\n")
    with pytest.raises(MismatchError, match="is not what was written"):
        sampling.sample(ours, tokens=100, out=out, how=SHORT)
    (tmp_path / "u.jsonl").write_text("mine")
    with pytest.raises(InputError, match="nothing says who wrote it"):
        sampling.sample(ours, tokens=100, out=tmp_path / "u.jsonl", how=SHORT)
    assert (tmp_path / "u.jsonl").read_text() == "mine"


@pytest.mark.parametrize("chat", [False, True])
def test_a_server_writes(serving, tmp_path, chat):
    """Completions or chat: each prompt is asked once a text, the instruction is recorded, tokens are the server's."""
    with serving.serve(serving.knowing([f"{drawing.PROBE} York that night and", TEXT])) as server:
        server.paths = {"/v1/chat/completions" if chat else "/v1/completions"}
        writer = writers.load(f"text-only:{server.url}#m", terms=Terms(patience=QUICK))
        prompts = [sampling.Prompt(id="p", text="Our ferry"), sampling.Prompt(id="q", text="the harbour")]
        sampling.sample(writer, tokens=60, out=tmp_path / "t.jsonl", how=SHORT, prompts=prompts)
        asked = len(server.asked) - (2 if chat else 1)
    rows = _rows(tmp_path / "t.jsonl")
    assert asked == len(rows) == sampling.BATCH
    assert TEXT.startswith("Our ferry" + rows[0]["text"])
    assert rows[1]["text"].startswith(" lay quiet")
    about = json.loads((tmp_path / "t.jsonl.sampling.json").read_text())
    assert about["suspect"]["instruction"] == (drawing.INSTRUCTION if chat else None)


def test_more_tokens_follow_those_that_are_there(ours, tmp_path):
    """Asked for more, a finished file grows to the bytes of one go; asked for fewer, it stays as it is."""
    for name, counts in (("a", (100, 500, 50)), ("b", (500,))):
        for tokens in counts:
            sampling.sample(ours, tokens=tokens, out=tmp_path / f"{name}.jsonl", how=SHORT)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_a_run_that_died_before_its_file_had_its_name_goes_on(ours, tmp_path, monkeypatch):
    """All was written and only the last step is missing: it is made up for, and the digest is that of the file."""
    out = tmp_path / "t.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr(sampling.Path, "replace", _no_room)
        with pytest.raises(OSError, match="full"):
            sampling.sample(ours, tokens=100, out=out, how=SHORT)
    assert not out.exists()
    for _ in range(2):
        assert sampling.sample(ours, tokens=100, out=out, how=SHORT).tokens >= 100


def _no_room(*_paths):
    raise OSError("full")


def test_only_what_is_recorded_steers_a_model(ours, tmp_path, trained):
    """What a model's folder says of how to draw is not followed: the texts are those of the model itself."""
    folder = tmp_path / "model"
    shutil.copytree(trained.model("ours").removeprefix("hf:"), folder)
    how = {"repetition_penalty": 5.0, "top_k": 1, "temperature": 0.1, "do_sample": True, "min_p": 0.9}
    (folder / "generation_config.json").write_text(json.dumps(how))
    texts = [one.text for one in writers.load(str(folder)).write(["The"] * 4, SHORT, seed=3)]
    assert texts == [one.text for one in ours.write(["The"] * 4, SHORT, seed=3)]


def test_a_busy_server_is_asked_again(serving, tmp_path):
    """Some 429 and 500 among the answers: every text is written once, with the reason why it ended."""
    writes, seen = serving.knowing([f"{drawing.PROBE} York that night and", TEXT]), []

    def reply(body, headers):
        with lock:
            seen.append(body)
            turn = len(seen)
        if turn > 3 and turn % 3 == 0:
            return (429, {}, {"Retry-After": "0"}) if turn % 2 else (500, {"error": {"message": "ill"}}, {})
        answer = writes(body, headers)
        answer["choices"][0]["finish_reason"] = "stop" if turn % 2 else "length"
        return answer

    lock = threading.Lock()
    with serving.serve(reply) as server:
        writer = writers.load(f"text-only:{server.url}#m", terms=Terms(patience=Patience(attempts=6, pause=0.001)))
        prompts = [sampling.Prompt(id="p", text="Our ferry")]
        done = sampling.sample(writer, tokens=300, out=tmp_path / "t.jsonl", how=SHORT, prompts=prompts)
    rows = _rows(tmp_path / "t.jsonl")
    assert len({row["id"] for row in rows}) == len(rows) == done.texts
    assert len(seen) > done.texts + 1
    assert {row["finish"] for row in rows} == {"stop", "length"}


def test_texts_of_servers_begin_with_nothing_too(serving):
    """Completions begin with a line's end, since servers take no empty prompt; a chat must be told what to write."""
    writes = serving.knowing([f"{drawing.PROBE} York that night and", f"Tell a story. {TEXT}"])
    with serving.serve(writes) as server:
        writer = writers.load(f"text-only:{server.url}#m", terms=Terms(patience=QUICK))
        writer.write([""], SHORT, seed=1)
        assert server.asked[-1]["prompt"] == writer.identity["start"] == "\n"
        server.paths = {"/v1/chat/completions"}
        with pytest.raises(InputError, match="is a chat, and was given no text to go on from; expected --prompts, or"):
            writers.load(f"text-only:{server.url}#m", terms=Terms(patience=QUICK)).write([""], SHORT, seed=1)
        told = writers.load(f"text-only:{server.url}#m", terms=Terms(patience=QUICK, instruction="Tell a story."))
        assert TEXT.startswith(told.write([""], SHORT, seed=1)[0].text.strip())
        assert server.asked[-1]["messages"] == [{"role": "user", "content": "Tell a story."}]


def test_a_server_that_falls_silent_is_told(serving, tmp_path):
    """A whole batch without a word ends the run in one line, and so does an answer without any choice."""
    with serving.serve(serving.knowing([f"{drawing.PROBE} York that night and", TEXT])) as server:
        writer = writers.load(f"text-only:{server.url}#m", terms=Terms(patience=QUICK))
        for choices, kind, message in (
            ([{"text": "", "finish_reason": "stop"}], InputError, "a whole batch of texts was empty"),
            ([], SuspectError, "answered without a text"),
        ):
            server.reply = lambda _body, _headers, said=choices: {"choices": said, "usage": {"completion_tokens": 0}}
            with pytest.raises(kind, match=message):
                sampling.sample(writer, tokens=60, out=tmp_path / f"{len(choices)}.jsonl", how=SHORT)


def test_a_budget_ends_a_run_and_keeps_what_was_written(serving, tmp_path):
    """When the money is spent one line says so; whole batches are kept, and more money goes on from there."""
    with serving.serve(serving.knowing([f"{drawing.PROBE} York that night and", TEXT])) as server:

        def write(most):
            writer = writers.load(f"openai:{server.url}#m", terms=Terms(patience=QUICK, max_tokens=most))
            prompts = [sampling.Prompt(id="p", text="Our ferry")]
            return sampling.sample(writer, tokens=300, out=tmp_path / "t.jsonl", how=SHORT, prompts=prompts)

        with pytest.raises(SuspectError, match=r"the budget of 400 tokens is used up"):
            write(400)
        kept = len(_rows(tmp_path / "t.jsonl.part"))
        assert kept > 0
        assert kept % sampling.BATCH == 0
        assert write(10**6).texts > kept


def test_who_writes_nothing_is_told():
    """Counts and columns have no words; a record without text cannot begin one."""
    with pytest.raises(InputError, match=r"ngram:x\.parquet writes nothing; expected hf:"):
        writers.load("ngram:x.parquet")
    with pytest.raises(InputError, match="record 'a' has no text to begin with"):
        writers.opening(Record(id="a", tokens=(1, 2)), None, length=3)
    assert writers.opening(Record(id="a", text="one  two\nthree four"), None, length=3) == "one  two\nthree"
    assert writers.opening(Record(id="a", text="one"), None, length=3) == "one"

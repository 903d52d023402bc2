"""What every command can: one JSON document, silence, and all there is to say."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli import answers, completion, main, voice

STEPS = (
    "key new new.key",
    "watermark c.jsonl --preview 2 --encoder none",
    "watermark c.jsonl --key r.key --encoder none --out marked",
    "commit marked/ledger.parquet",
    "verify marked",
    "undo marked/release --ledger marked/ledger.parquet --out back",
    "transcript import seen.jsonl --out again.parquet",
    "ngram c.jsonl --out counts.parquet",
    "score run.parquet --suspect ngram:n.parquet --out s.parquet --dry-run",
    "score run.parquet --suspect ngram:n.parquet --out s.parquet",
    "sample --suspect {model} --tokens 40 --length 8 --out texts.jsonl",
    "plan order run.parquet --effect 0.5 --power 0.8 --out order.plan.json",
    "plan watermark --effect 0.8 --power 0.9 --out mark.plan.json",
    "audit order run.parquet --suspect ngram:n.parquet --resamples 99 --out order.json --bundle bundle",
    "audit watermark marked/ledger.parquet --key r.key --suspect ngram:n.parquet --resamples 99 --out mark.json",
    "audit overlap run.parquet c.jsonl --resamples 99 --out overlap.json",
    "audit reshuffle t.txt --run ngram:n.parquet --rerun ngram:d.parquet --rerun ngram:seen.parquet --alpha 0.5",
    "audit membership c.jsonl d.jsonl --suspect ngram:n.parquet --resamples 99 --out members.json",
    "audit trace marked/ledger.parquet t.txt --resamples 99 --out trace.json",
    "sign bundle --key signing.pem",
    "verify bundle",
    "report order.json mark.json --out report.html",
    "doctor",
    "completion bash",
)
"""One after the other, every command but the demo, on very little."""


@pytest.fixture
def desk(run, corpus, counts, transcript, random_model, tmp_path):
    """Lay on the disk what the commands speak of; gives them as lists of words."""
    del corpus, counts, transcript
    run("key", "new", "r.key")
    texts = [json.loads(line)["text"] for line in (tmp_path / "c.jsonl").read_text().splitlines()]
    others = [{"id": f"other-{row}", "text": f"{text} Once more."} for row, text in enumerate(texts)]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(other) + "\n" for other in others))
    (tmp_path / "t.txt").write_text("\n".join(texts[:10]))
    for name in ("d", "seen"):
        run("ngram", f"{name}.jsonl", "--out", f"{name}.parquet")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", "signing.pem"], cwd=tmp_path, check=True)  # noqa: S607
    return [step.format(model=random_model).split() for step in STEPS]


def _leaves(group, *before):
    for name in group.list_commands(click.Context(group)):
        inside = group.get_command(click.Context(group), name)
        yield from _leaves(inside, *before, name) if isinstance(inside, click.Group) else [(*before, name)]


def test_every_command_prints_one_json_document_and_nothing_else(run, desk):
    """With --json --quiet, standard output of each command is one JSON document, and stderr is empty."""
    for words in desk:
        done = run(*words, "--json", "--quiet")
        assert (done.code, done.err) == (0, ""), words
        assert json.loads(done.out), words
    walked = {name for name in _leaves(main.command) if any(tuple(words[: len(name)]) == name for words in desk)}
    assert set(_leaves(main.command)) - walked == {("demo",)}


def test_json_says_what_was_made(run, corpus, tmp_path):
    """A program learns paths and counts, and news for people stays on stderr."""
    run("key", "new", "r.key")
    done = run("watermark", corpus, "--key", "r.key", "--encoder", "none", "--out", "m", "--json")
    told = json.loads(done.out)
    assert told["counts"]["documents"] == 40
    assert all((tmp_path / path).exists() for path in [*told["publish"], *told["keep_secret"]])
    assert "40 of 40 documents marked" in done.err
    shown = json.loads(run("watermark", corpus, "--key", "r.key", "--encoder", "none", "--preview", 3, "--json").out)
    assert [len(one["changes"]) > 0 for one in shown["preview"]] == [True] * 3
    committed = json.loads(run("commit", "m/ledger.parquet", "--json").out)
    assert committed[0]["root"] == json.loads((tmp_path / committed[0]["publish"]).read_text())["root"]


def test_the_options_may_stand_before_the_command(run, corpus):
    """``provtool -q COMMAND`` is ``provtool COMMAND -q``, for what has a --json of its own too."""
    assert run("-q", "ngram", corpus, "--out", "n.parquet").err == ""
    assert json.loads(run("--json", "doctor").out)
    assert json.loads(run("-q", "--json", "ngram", corpus, "--out", "n.parquet").out)["ngrams"] > 0


def test_quiet_leaves_mistakes(run, refused):
    """A mistake is said also to who wants to hear nothing else."""
    assert refused("ngram", "none.jsonl", "--out", "n.parquet", "--quiet").startswith("none.jsonl: no such file")
    assert "give one of them" in run("doctor", "--quiet", "--verbose").err


def test_verbose_says_versions_settings_times_and_where_a_mistake_was_met(run, corpus):
    """Who wants to know all hears what was set and by what, how long it took, and sees the traceback of a mistake."""
    done = run("ngram", corpus, "--out", "n.parquet", "--order", 4, "--verbose")
    assert "provtool 0." in done.err
    assert "order: 4 (command line)" in done.err
    assert "most:" not in done.err
    assert "MiB of memory at most" in done.err
    done = run("ngram", "none.jsonl", "--out", "n.parquet", "-v")
    assert done.code == 1
    assert "Traceback" in done.err
    assert done.err.splitlines()[-1].startswith("provtool: none.jsonl: no such file")


def test_json_does_not_share_standard_output(run, corpus):
    """A table and a JSON document cannot both go there."""
    done = run("ngram", corpus, "--out", "-", "--json")
    assert (done.code, done.out) == (2, "")
    assert "give --out FILE" in done.err


def test_a_plan_is_the_configuration_and_what_comes_from_it_is_said(run, transcript, counts):
    """An audit takes its settings from the plan, names them, and names none that was given otherwise."""
    run("plan", "order", transcript, "--effect", 0.5, "--power", 0.8, "--alpha", 0.01, "--seed", 5, "--out", "p.json")
    asked = ("audit", "order", transcript, "--suspect", counts, "--plan", "p.json", "--json")
    done = run(*asked)
    found = json.loads(done.out)
    assert (found["alpha"], found["seed"]) == (0.01, 5)
    assert done.err.startswith("from p.json: alpha 0.01, seed 5, resamples ")
    assert "window 8:56" in done.err.splitlines()[0]
    done = run(*asked, "--seed", 6, "--verbose")
    assert json.loads(done.out)["seed"] == 6
    assert "seed: 6 (command line)" in done.err
    assert "alpha: 0.01 (plan)" in done.err


def test_outside_of_a_command_the_voice_is_the_usual_one():
    """The library's callers hear what a plain command says."""
    assert voice.current() == voice.Voice(quiet=False, verbose=False, as_json=False)


def test_the_page_on_the_command_line_is_true(run, corpus, tmp_path):
    """Its commands run as they stand there, and its table of exit codes names those that the tool has."""
    page = (Path(__file__).parents[2] / "docs" / "commandline.md").read_text(encoding="utf-8")
    (tmp_path / corpus).rename(tmp_path / "articles.jsonl")
    lines = re.findall(
        r"^provtool (.*)$",
        "".join(re.findall(r"^```sh\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)),
        flags=re.MULTILINE,
    )
    assert len(lines) == 12
    for line in lines:
        done = run(*shlex.split(line))
        assert done.code == 0, (line, done.err)
        assert not ("--quiet" in line and done.err)
        assert not ("--json" in line and not json.loads(done.out))
    for code in (130, 143, 129, 141):
        assert str(code) in page
    assert all(place in page or place.startswith("a folder") for place in completion.PLACES.values())


def test_examples_speak_of_options_that_exist():
    """In every help page, each option of an example is one of the command that it calls."""
    seen = 0
    for name in [(), *_leaves(main.command)]:
        for line in re.findall(r"^ *provtool (.+)$", _command(name).help or "", flags=re.MULTILINE):
            words = line.split()
            called = tuple(words[: next((n for n in (2, 1) if tuple(words[:n]) in {*_leaves(main.command)}), 0)])
            known = {option for parameter in _command(called).params for option in parameter.opts} | {"--help"}
            seen += len(called)
            assert {word for word in words if word.startswith("--")} <= known, line
    assert seen > 40


def _command(name):
    command = main.command
    for part in name:
        command = command.get_command(click.Context(command), part)
    return command


def test_who_wants_to_hear_nothing_is_asked_nothing(monkeypatch):
    """With somebody at the terminal a long scoring asks whether to go on; with --quiet it does not."""
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    with click.Context(main.command) as context:
        assert answers._terminal()
        context.meta[voice.KEY] = voice.Voice(quiet=True)
        assert not answers._terminal()

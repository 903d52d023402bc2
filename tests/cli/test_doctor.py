"""``provtool doctor``."""

import importlib.metadata
import json
import shutil
import sys

import pytest
from rich.console import Console

from cli import terminal
from provenance import diagnosis
from watermark import resources

SHIPPED_WITHOUT_SUM = {resources.SUMS, "LICENSE", "WORDNET-LICENSE"}


def _found(done, group):
    """Give what was said of a group in JSON, by name."""
    return {check["name"]: check for check in json.loads(done.out) if check["group"] == group}


def test_a_sound_installation_is_found_sound(run):
    """In a pipe every package, device, resource and disk has a line of its own, and nothing else is said."""
    done = run("doctor")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert f"ok      software: torch: {importlib.metadata.version('torch')}" in lines
    for begin in (
        "devices: cpu: ",
        "language: pipeline: spacy(en_ewt",
        "language: lexicon: ",
        "surroundings: model hub: ",
    ):
        assert any(line.startswith(f"ok      {begin}") for line in lines)
    assert "not asked, since HF_HUB_OFFLINE is set" in done.out


def test_on_a_terminal_there_is_a_table(run, monkeypatch):
    """With somebody there to read it, findings stand aligned under their groups."""
    monkeypatch.setattr(terminal, "STDOUT", Console(force_terminal=True, width=100, no_color=True))
    lines = [line.rstrip() for line in run("doctor").out.splitlines()]
    assert any(line.endswith("software\x1b[0m") for line in lines)
    assert any("  torch " in line and importlib.metadata.version("torch") in line for line in lines)


def test_json_is_for_programs(run):
    """With --json standard output is one list, an object a finding."""
    done = run("doctor", "--json")
    assert (done.code, done.err) == (0, "")
    assert {check["group"] for check in json.loads(done.out)} >= {"software", "devices", "language", "surroundings"}
    assert all(_found(done, "language")[name]["passed"] for name in ("pipeline", "lexicon", "sentence encoder"))


def test_a_missing_or_old_package_is_an_error(run, monkeypatch):
    """What provtool cannot do without is told in the last line, with what to type; nothing else can be looked at."""
    versions = {"scipy": None, "click": "7.0"}
    real = diagnosis._version
    monkeypatch.setattr(diagnosis, "_version", lambda name: versions[name] if name in versions else real(name))
    done = run("doctor")
    assert done.code == 1
    assert "FAILS   software: scipy: missing" in done.out
    assert done.err == "provtool: click: 7.0, >=8.2 needed; try pip install -c constraints.txt 'provtool'\n"
    assert "language" not in done.out


def test_a_library_that_cannot_be_imported_is_an_error(run, monkeypatch):
    """A torch that is installed and broken is told like a missing one, and the rest is looked at."""
    monkeypatch.setitem(sys.modules, "torch", None)
    done = run("doctor")
    assert done.code == 1
    assert done.err.startswith("provtool: torch: cannot be imported (")
    assert done.err.endswith("--force-reinstall torch\n")
    assert "ok      surroundings: model hub" in done.out


@pytest.mark.parametrize(
    ("place", "file", "name"), [("DATA", "lexicon.tsv.xz", "lexicon"), ("PIPELINE", "tagger/model", "pipeline")]
)
def test_a_damaged_resource_is_an_error(run, monkeypatch, tmp_path, place, file, name):
    """A byte that is not the one that was shipped, and a file that is gone, are told with the file and what to type."""
    folder = tmp_path / "data"
    shutil.copytree(getattr(resources, place), folder)
    monkeypatch.setattr(resources, place, folder)
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = run("doctor")
    assert done.code == 1
    assert f"provtool: {name}: cannot be used ({folder / file}: is not the file that was shipped" in done.err
    assert done.err.endswith("; try pip install --force-reinstall provtool\n")
    (folder / file).unlink()
    assert f"{folder / file}: cannot be read (No such file or directory)" in run("doctor").err


@pytest.mark.parametrize("folder", [resources.DATA, resources.PIPELINE])
def test_every_file_that_is_shipped_has_its_sum(folder):
    """After a resource is built anew, ``sha256sum`` must be run over its folder again."""
    resources.check_sums(folder)
    named = {line.partition("  ")[2] for line in (folder / resources.SUMS).read_text().splitlines()}
    shipped = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert named == shipped - SHIPPED_WITHOUT_SUM


@pytest.mark.parametrize("kind", ["openai", "text-only"])
def test_an_endpoint_is_tried(run, serving, kind):
    """What a served model can be asked for stands in the last group; a few requests are enough."""
    reply = (lambda body, _headers: serving.echo(body)) if kind == "openai" else serving.knowing([])
    with serving.serve(reply) as server:
        done = run("doctor", "--suspect", f"{kind}:{server.url}#m", "--json")
        assert len(server.asked) < 8
    assert done.code == 0, done.err
    found = _found(done, "suspect")
    assert (found["kind"]["found"], found["is asked by"]["found"]) == (kind, "text")
    assert found["can serve"]["found"].startswith("audit order, watermark, membership")


def test_a_model_on_this_machine_is_tried(run, random_model):
    """A Hugging Face folder is opened, and what it is asked by is said."""
    done = run("doctor", "--suspect", random_model, "--json")
    assert done.code == 0, done.err
    assert _found(done, "suspect")["is asked by"]["found"] == "token ids, or text"


def test_an_endpoint_that_serves_no_audit_is_an_error(run, serving):
    """A server without log-probabilities of prompts: why, and as what it may be asked, in one line; exit code 4."""
    refusal = (400, {"error": {"message": "echo is not supported"}}, {})
    with serving.serve(lambda _body, _headers: refusal) as server:
        done = run("doctor", "--suspect", f"openai:{server.url}#m")
    assert done.code == 4
    assert done.err.count("\n") == 1
    assert "(echo is not supported)" in done.err
    assert done.err.endswith(f"; try text-only:{server.url}#m\n")

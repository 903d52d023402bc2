"""Bundles that somebody made to deceive, or to break who opens them: nothing false holds, and no mistake is long."""

import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import storage
from provenance.bundles import manifests


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Give a folder where what was made once lies for all tests."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def ordered(run, kept, tmp_path, request):
    """Leave the redacted bundle of an order audit, with a reference and a commitment."""
    if not (kept / "ordered").exists():
        transcript, counts = request.getfixturevalue("transcript"), request.getfixturevalue("counts")
        run("ngram", transcript, "--out", "other.parquet", "--order", 2)
        run("commit", transcript)
        how = ("--window", "4:8", "--reference", "ngram:other.parquet", "--resamples", 99, "--out", "o.json")
        done = run("audit", "order", transcript, "--suspect", counts, *how, "--bundle", "b", "--redact")
        assert done.code == 0, done.err
        shutil.copytree(tmp_path, kept / "ordered")
    shutil.copytree(kept / "ordered", tmp_path, dirs_exist_ok=True)
    return Path("b")


@pytest.fixture
def family(run, kept, tmp_path, request):
    """Leave the redacted bundle of a watermark audit of two suspects."""
    if not (kept / "family").exists():
        marked, counts = request.getfixturevalue("marked"), request.getfixturevalue("counts")
        run("ngram", "c.jsonl", "--out", "n2.parquet", "--order", 2)
        two = ("--suspect", counts, "--suspect", "ngram:n2.parquet", "--alpha", 0.5, "--resamples", 99)
        how = ("--out", "e.json", "--bundle", "family", "--redact")
        done = run("audit", "watermark", marked / "ledger.parquet", *two, *how)
        assert done.code == 0, done.err
        shutil.copytree(tmp_path / "family", kept / "family")
    shutil.copytree(kept / "family", "family", dirs_exist_ok=True)
    return Path("family")


def edit(path, change):
    """Change a JSON file, and make the digests anew as who alters it would."""
    value = json.loads(path.read_text())
    change(value)
    path.write_text(storage.dump_json(value) + "\n")
    redigest(path.parent)


def redigest(folder):
    """Give the manifest the digests of the files as they are now, and the report of the evidence as it is now."""
    value = json.loads((folder / "bundle.json").read_text())
    value["files"] = manifests.digests(folder)
    (folder / "bundle.json").write_text(json.dumps(value))


def rewrite(path, column, row, value):
    """Put one value into a table, and make the digests anew."""
    table = pq.read_table(path)
    values = table.column(column).to_pylist()
    values[row] = value
    place, field = table.schema.get_field_index(column), table.schema.field(column)
    pq.write_table(table.set_column(place, field, pa.array(values, field.type)), path)
    redigest(path.parent)


def failed(done):
    """Give what failed, of a verification that came to its end."""
    assert "Traceback" not in done.err
    assert done.code == 1, done.out
    return [line.removeprefix("FAILS   ") for line in done.out.splitlines() if line.startswith("FAILS")]


def inputs(folder):
    """Give the digests that evidence names, by their parts."""
    return json.loads((folder / "evidence.json").read_text())["inputs"]


# ------------------------------------------------ what a manifest says


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["claims"][0].update(evidence="a\0b"),
        lambda told: told["claims"][0].update(evidence="e" * 5000),
        lambda told: told["claims"][0].update(evidence="loop"),
        lambda told: told["claims"].clear(),
        lambda told: told["claims"].append(told["claims"][0]),
        lambda told: told["sources"].update(dict.fromkeys(told["sources"], "scores.parquet")),
        lambda told: told["sources"].update(five=told["sources"].popitem()[1]),
    ],
)
def test_a_bent_manifest_is_one_line(run, ordered, change):
    """Names that no file can have, loops, no claims, and one file for several digests are refused."""
    (ordered / "loop").symlink_to("loop")
    edit(ordered / "bundle.json", change)
    done = run("verify", ordered)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("provtool: b/bundle.json: ")


def test_a_pipe_is_no_evidence(run, ordered):
    """A name that is a pipe, of which reading would never end, is refused."""
    (ordered / "evidence.json").unlink()
    os.mkfifo(ordered / "evidence.json")
    done = run("verify", ordered)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "names 'evidence.json'" in done.err


def test_a_digest_that_nobody_names(run, ordered):
    """A manifest cannot bring in files that no evidence rests on."""
    edit(ordered / "bundle.json", lambda told: told["sources"].update({"0" * 64: "report.json"}))
    assert "sources: report.json: no evidence names 000000000000" in failed(run("verify", ordered))


@pytest.mark.parametrize("settings", [{"edited": 1}, {"resamples": 10**30}, {"resamples": None}, {"queries": [1]}])
def test_settings_of_another_kind(run, ordered, family, settings):
    """Whatever the settings say, what comes of it is a finding."""
    for folder in (family,) if "edited" in settings else (ordered, family):
        edit(folder / "bundle.json", lambda told: told["settings"].update(settings))
        done = run("verify", folder)
        assert "Traceback" not in done.err
        assert done.code == 1


def test_a_redacted_bundle_holds_nothing_else(run, ordered):
    """What says to be redacted and is not, and a table with a column more, are findings: the owner sees a leak."""
    edit(ordered / "bundle.json", lambda told: told.update(redacted=False))
    assert failed(run("verify", ordered))[0].startswith("redacted: ")
    edit(ordered / "bundle.json", lambda told: told.update(redacted=True))
    table = pq.read_table(ordered / "transcript.parquet")
    pq.write_table(table.append_column("text", table.column("id")), ordered / "transcript.parquet")
    redigest(ordered)
    assert any("column 'text'" in line for line in failed(run("verify", ordered)))
    shutil.copy("run.parquet", ordered / "transcript.parquet")
    redigest(ordered)
    assert any(line.startswith("redacted: transcript.parquet") for line in failed(run("verify", ordered)))


# ------------------------------------------------ what evidence says


def test_evidence_says_nothing_twice(run, ordered):
    """A document that says one thing to one reader and another thing to the next is none."""
    text = (ordered / "evidence.json").read_text()
    (ordered / "evidence.json").write_text(text.replace('"verdict":', '"verdict": "evidence",\n  "verdict":', 1))
    redigest(ordered)
    assert any("'verdict' twice" in line for line in failed(run("verify", ordered)))


def test_a_family_is_the_claims_of_the_run(run, family):
    """Claims cannot leave their family, be it in all of their documents."""
    for name in ("evidence-1.json", "evidence-2.json"):
        edit(family / name, lambda told: told.pop("family"))
    told = failed(run("verify", family))
    assert any(line.startswith("family: evidence-1.json names 1 claim, and 2 lie here") for line in told)


def test_another_tool_does_not_excuse_the_page(run, ordered):
    """Who names another version keeps the page from being compared: this is told, and so is what to read instead."""
    edit(ordered / "bundle.json", lambda told: told.update(tool="provtool/0.0.1"))
    told = failed(run("verify", ordered))
    assert told == ["settings: tool: provtool/0.0.1 in bundle.json, provtool/0.1.0 in evidence.json"]
    edit(ordered / "evidence.json", lambda told: told.update(tool="provtool/0.0.1"))
    (ordered / "report.html").write_text("<p>It was them.</p>")
    redigest(ordered)
    done = run("verify", ordered)
    assert "skipped report: " in done.out
    assert "provtool report b/evidence.json" in done.out


@pytest.mark.parametrize("hidden", ["\x1b[2K\x1b[1A", "\nholds   numbers of evidence.json: ", "\r", "\u202e"])
def test_no_word_of_a_bundle_is_a_line_of_ours(run, ordered, hidden):
    """Control characters of somebody's words are shown as such, so that they cannot write or hide a line."""
    edit(ordered / "evidence.json", lambda told: told.update(claim=f"{hidden}x"))
    done = run("verify", ordered)
    assert failed(done)
    assert hidden not in done.out
    assert not any(line.startswith("holds   numbers") for line in done.out.splitlines())
    edit(ordered / "bundle.json", lambda told: told.update({f"{hidden}x": 1}))
    done = run("verify", ordered)
    assert done.err.count("\n") == 1
    assert hidden not in done.err


def test_other_models_are_told(run, ordered):
    """The manifest cannot name models or seeds that the evidence does not."""
    edit(ordered / "bundle.json", lambda told: told["environment"]["models"][0].update(weights="0" * 64))
    assert failed(run("verify", ordered)) == ["environment: models: in bundle.json others than evidence names"]


def test_a_statement_that_nobody_signed(run, ordered):
    """An envelope without a signature is no signature, whether a key is at hand or not."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    Path("signing.pem").write_bytes(pem)
    assert run("sign", ordered, "--key", "signing.pem").code == 0
    envelope = json.loads((ordered / "bundle.dsse.json").read_text())
    (ordered / "bundle.dsse.json").write_text(json.dumps({**envelope, "signatures": []}))
    assert failed(run("verify", ordered)) == ["signature: a statement that nobody signed"]


# ------------------------------------------------ commitments


def commit_to(run, name, folder, source):
    """Commit to some file, and lay the commitment beside one of a bundle."""
    Path(name).write_text("An older file.")
    assert run("commit", name).code == 0
    for ending in (".commitment.json", ".opening.json"):
        shutil.copy(f"{name}{ending}", f"{folder / source}{ending}")


def named(folder, name):
    """Let evidence name the commitment to a file."""
    told = json.loads(Path(f"{name}.commitment.json").read_text())
    del told["schema"]
    edit(folder / "evidence.json", lambda value: value.update(commitments=[told]))


def test_only_what_was_audited_counts_as_committed(run, ordered):
    """A commitment to the answers is none to the order that was audited."""
    for place in ordered.glob("transcript.parquet.*.json"):
        place.unlink()
    commit_to(run, "scores.txt", ordered, "scores.parquet")
    named(ordered, "scores.txt")
    told = failed(run("verify", ordered))
    assert "commitments of evidence.json: scores.txt: no such commitment lies beside what was audited" in told


@pytest.mark.parametrize("bend", [{"witness": {"a": 1}}, {"witness": "Somebody"}, {"root": "zz"}, {"time": []}])
def test_a_bent_commitment(run, ordered, bend):
    """Whatever stands in a commitment, what comes of it is a finding."""
    (place,) = ordered.glob("*.commitment.json")
    edit(place, lambda told: told.update(bend))
    assert failed(run("verify", ordered))


def test_a_commitment_without_its_opening_proves_nothing(run, ordered):
    """A commitment of any older file would do, were it not opened: one that evidence names must open."""
    commit_to(run, "older.txt", ordered, "transcript.parquet")
    named(ordered, "older.txt")
    (ordered / "transcript.parquet.opening.json").unlink()
    redigest(ordered)
    told = failed(run("verify", ordered))
    assert any("commitments of evidence.json: older.txt: its opening does not lie here" in line for line in told)


def test_a_commitment_opens_to_what_evidence_names(run, ordered):
    """A second digest for the same file cannot be what its commitment opens to."""
    commit_to(run, "older.txt", ordered, "transcript.parquet")
    named(ordered, "older.txt")
    other = {storage.digest("older.txt"): "./transcript.parquet"}
    edit(ordered / "bundle.json", lambda told: told["sources"].update(other))
    done = run("verify", ordered)
    assert done.code == 1
    assert "opens to a file with digest" not in done.out


# ------------------------------------------------ tables


def test_a_reference_that_was_asked_of_other_texts(run, ordered):
    """What a reference said of another run does not stand beside this one."""
    table = pq.read_table(ordered / "reference-1.parquet")
    header = json.loads(table.schema.metadata[b"provtool"])
    header["inputs"]["transcript"] = "0" * 64
    told = {b"provtool": json.dumps(header).encode()}
    pq.write_table(table.replace_schema_metadata(told), ordered / "reference-1.parquet")
    redigest(ordered)
    assert any("were made from other files" in line for line in failed(run("verify", ordered)))


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("scores.parquet", "count", 2**31 - 1),
        ("scores.parquet", "count", -1),
        ("scores.parquet", "total", float("nan")),
        ("transcript.parquet", "count", 2**31 - 1),
        ("transcript.parquet", "count", -1),
        ("transcript.parquet", "positions", [2**62]),
        ("transcript.parquet", "positions", []),
    ],
)
def test_counts_beyond_all_measure(run, ordered, name, column, value):
    """A count that would fill the memory, or none at all, is a finding."""
    rewrite(ordered / name, column, 0, value)
    assert failed(run("verify", ordered))


def test_one_token_is_not_summed_up(run, transcript, counts):
    """The sum of one token is that token's number, so a bundle that would show it is refused."""
    assert run("audit", "order", transcript, "--suspect", counts, "--window", "0:1", "--out", "o.json").code == 0
    how = ("audit", "order", transcript, "--scores", "o.scores.parquet", "--out", "p.json")
    told = run(*how, "--bundle", "b", "--redact")
    assert told.code == 1
    assert "of 60 texts a single token was scored" in told.err
    assert not Path("b").exists()


# ------------------------------------------------ where it lies


def test_anywhere(run, ordered, monkeypatch, tmp_path):
    """A bundle is verified from elsewhere, by a link, under a name with spaces, and where nothing may be written."""
    place = tmp_path / "some where"
    ordered.rename(place)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    Path("link").symlink_to(place)
    for path in place.rglob("*"):
        path.chmod(0o444)
    place.chmod(0o555)
    try:
        for name in (place, "link", "../some where/bundle.json"):
            done = run("verify", name)
            assert done.code == 0, done.out
    finally:
        place.chmod(0o755)

"""``--bundle`` and what ``provtool verify`` makes of it."""

import json
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
    """Leave the bundle of an order audit with a reference."""
    if not (kept / "ordered").exists():
        transcript, counts = request.getfixturevalue("transcript"), request.getfixturevalue("counts")
        run("ngram", transcript, "--out", "other.parquet", "--order", 2)
        how = ("--window", "4:8", "--reference", "ngram:other.parquet", "--resamples", 999, "--out", "o.json")
        done = run("audit", "order", transcript, "--suspect", counts, *how, "--bundle", "b")
        assert done.code == 0, done.err
        shutil.copytree(tmp_path, kept / "ordered")
    shutil.copytree(kept / "ordered", tmp_path, dirs_exist_ok=True)
    return Path("b")


@pytest.fixture
def released(run, kept, tmp_path, request):
    """Leave the bundle of a watermark audit."""
    if not (kept / "released").exists():
        marked, counts = request.getfixturevalue("marked"), request.getfixturevalue("counts")
        run("commit", marked / "ledger.parquet")
        how = ("--suspect", counts, "--resamples", 999, "--out", "w.json", "--bundle", "b")
        done = run("audit", "watermark", marked / "ledger.parquet", *how)
        assert done.code == 0, done.err
        shutil.copytree(tmp_path, kept / "released")
    shutil.copytree(kept / "released", tmp_path, dirs_exist_ok=True)
    return Path("b")


def failed(done):
    """Give what failed."""
    return [line.removeprefix("FAILS   ") for line in done.out.splitlines() if line.startswith("FAILS")]


def redigest(folder):
    """Give the manifest the digests of the files as they are now, as who alters them would."""
    value = json.loads((folder / "bundle.json").read_text())
    value["files"] = manifests.digests(folder)
    (folder / "bundle.json").write_text(json.dumps(value))


def edit(path, change):
    """Change a JSON file."""
    value = json.loads(path.read_text())
    change(value)
    storage.write_json(path, value)


def rewrite(path, change):
    """Change the rows of a table and leave its header as it is."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def test_an_order_bundle_is_computed_again(run, ordered, tmp_path):
    """Everything lies in the folder, and every number comes out again without the model."""
    assert {path.name for path in ordered.iterdir()} == {
        "bundle.json", "evidence.json", "reference-1.parquet", "report.html", "report.json", "scores.parquet",
        "transcript.parquet",
    }  # fmt: skip
    assert (ordered / "evidence.json").read_bytes() == (tmp_path / "o.json").read_bytes()
    for name in ("n.parquet", "other.parquet", "run.parquet"):
        (tmp_path / name).unlink()
    done = run("verify", ordered)
    assert done.code == 0, done.out
    assert "holds   numbers of evidence.json: " in done.out
    assert "holds   report: page and JSON are those that this evidence gives" in done.out
    assert "skipped answers of ngram:n.parquet: " in done.out


def test_the_environment_is_told(ordered):
    """Versions, machine, seed and the digest of every model's weights stand in the manifest."""
    told = manifests.read(ordered).manifest.environment
    assert {"numpy", "scipy", "torch"} <= told["packages"].keys()
    assert told["seeds"] == [0]
    assert len({model["weights"] for model in told["models"]}) == 2


@pytest.mark.usefixtures("released")
def test_a_watermark_bundle_is_computed_again(run):
    """With the key all deals are checked too; another key is caught, and so is its absence told."""
    bundle = Path("b")
    done = run("verify", bundle, "--key", "r.key")
    assert done.code == 0, done.out
    assert "holds   commitments of evidence.json: 1 named, as they were published" in done.out
    assert "holds   commitment to ledger.parquet: opens to the unchanged file" in done.out
    assert "holds   deals: key " in done.out
    assert "skipped deals of ledger.parquet: no key is at hand" in run("verify", bundle).out
    run("key", "new", "other.key")
    done = run("verify", bundle, "--key", "other.key")
    assert done.code == 1
    assert ["dealt by key" in line for line in failed(done)] == [True]


def test_one_changed_score_is_caught(run, ordered):
    """By its digest, and where digests are made anew, by the numbers."""

    def change(rows):
        rows[7]["logprob"][0] += 0.01

    rewrite(ordered / "scores.parquet", change)
    done = run("verify", ordered)
    assert done.code == 1
    assert failed(done)[0] == "files: scores.parquet: altered"
    redigest(ordered)
    told = failed(run("verify", ordered))
    assert any(line.startswith("numbers of evidence.json: inputs.scores: ") for line in told)


@pytest.mark.parametrize("again", [False, True])
def test_one_changed_number_is_caught(run, ordered, again):
    """Evidence that was altered is caught by its digest, and together with its digest by the number itself."""
    edit(ordered / "evidence.json", lambda value: value["effect"].update(value=value["effect"]["value"] + 0.001))
    if again:
        redigest(ordered)
    told = failed(run("verify", ordered))
    assert any(line.startswith("numbers of evidence.json: effect.value: ") for line in told)
    assert ("files: evidence.json: altered" in told) is not again


def test_a_score_changed_throughout_is_caught(run, ordered):
    """Who alters a score and every digest that names it still has numbers that do not come out."""

    def change(rows):
        rows[7]["logprob"][0] += 0.5

    old = storage.digest(ordered / "scores.parquet")
    rewrite(ordered / "scores.parquet", change)
    new = storage.digest(ordered / "scores.parquet")
    for name in ("evidence.json", "bundle.json"):
        (ordered / name).write_text((ordered / name).read_text().replace(old, new))
    redigest(ordered)
    told = failed(run("verify", ordered))
    assert told
    assert all(line.startswith(("numbers of evidence.json: ", "report: ")) for line in told)


@pytest.mark.usefixtures("released")
def test_a_swapped_ledger_row_is_caught(run):
    """Two documents that changed places, digests made anew: the commitment and the evidence's digest tell."""

    def swap(rows):
        rows[3], rows[5] = rows[5], rows[3]

    rewrite(Path("b/ledger.parquet"), swap)
    redigest(Path("b"))
    told = failed(run("verify", "b"))
    assert any("is not the file that was committed to" in line for line in told)
    assert any(line.startswith("numbers of evidence.json: ") for line in told)


@pytest.mark.parametrize("name", ["scores.parquet", "transcript.parquet", "evidence.json", "report.html"])
def test_a_cut_file_is_caught(run, ordered, name):
    """A file that was cut short is a finding, whether its digest was made anew or not."""
    content = (ordered / name).read_bytes()
    (ordered / name).write_bytes(content[: len(content) * 2 // 3])
    done = run("verify", ordered)
    assert done.code == 1
    assert f"files: {name}: altered" in failed(done)
    redigest(ordered)
    assert failed(run("verify", ordered))


def test_missing_and_foreign_files_are_caught(run, ordered):
    """What is not there, and what nobody put there, are findings."""
    (ordered / "scores.parquet").rename(ordered / "else.parquet")
    told = failed(run("verify", ordered))
    assert told[:2] == ["files: scores.parquet: missing", "files: else.parquet: not in the manifest"]


def test_a_manifest_cannot_lead_outside(ordered, refused):
    """A manifest that names files elsewhere is refused before anything is read."""
    edit(ordered / "bundle.json", lambda value: value["files"].update({"../run.parquet": "0"}))
    assert "names '../run.parquet'; expected files inside of the bundle" in refused("verify", ordered)


def test_several_suspects_share_a_bundle(run, marked, counts):
    """Each claim has its evidence and scores, and the family stands in all of them."""
    run("ngram", "c.jsonl", "--out", "n2.parquet", "--order", 2)
    two = ("--suspect", counts, "--suspect", "ngram:n2.parquet")
    done = run("audit", "watermark", marked / "ledger.parquet", *two, "--out", "e.json", "--bundle", "b")
    assert done.code == 0, done.err
    done = run("verify", "b", "--json")
    assert done.code == 0, done.out
    held = [check["what"] for check in json.loads(done.out)["checks"] if check["outcome"] == "held"]
    assert [what for what in held if what.startswith("numbers")] == [
        "numbers of evidence-1.json", "numbers of evidence-2.json"
    ]  # fmt: skip


@pytest.mark.parametrize("more", [["--queries", 30], ["--stop-early", "--queries", 40]])
def test_fewer_questions_are_computed_again(run, transcript, marked, counts, more):
    """Selections and early stops walk the same way again."""
    for name, what in (("order", transcript), ("watermark", marked / "ledger.parquet")):
        how = ("--window", "4:8", "--out", f"{name}.json", "--bundle", f"b-{name}", *more)
        assert run("audit", name, what, "--suspect", counts, *how).code == 0
        done = run("verify", f"b-{name}")
        assert done.code == 0, done.out


def test_a_plan_is_held_to_again(run, marked, counts):
    """The plan lies in the bundle, with its commitment, and what deviates from it is found again."""
    planned = ("--effect", 0.9, "--power", 0.5, "--alpha", 0.01, "--out", "p.json")
    done = run("plan", "watermark", marked / "ledger.parquet", *planned)
    assert done.code == 0, done.err
    run("commit", "p.json")
    how = ("--plan", "p.json", "--suspect", counts, "--seed", 3, "--out", "e.json", "--bundle", "b")
    done = run("audit", "watermark", marked / "ledger.parquet", *how)
    assert done.code == 0, done.err
    done = run("verify", "b")
    assert done.code == 0, done.out
    assert "holds   commitment to plan.json" in done.out


@pytest.fixture
def stamped(run, transcript, authority, stamping, monkeypatch):
    """Have the transcript's commitment stamped; gives the option that trusts the authority."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Path("roots.pem").write_bytes(authority.root.pem)
    with stamping.serving(authority.respond) as (url, _):
        assert run("commit", transcript, "--timestamp", url).code == 0
    return "--timestamp-roots", "roots.pem"


def test_a_witness_is_checked(run, transcript, counts, stamped):
    """The token lies in the bundle: who trusts its authority has it proven, others are told; another time is caught."""
    how = ("--window", "4:8", "--suspect", counts, "--out", "o.json", "--bundle", "b")
    assert run("audit", "order", transcript, *how, *stamped).code == 0
    done = run("verify", "b", *stamped)
    assert done.code == 0, done.out
    assert "holds   time stamp of transcript.parquet: existed at the time that a trusted witness gives" in done.out
    done = run("verify", "b")
    assert done.code == 0, done.out
    assert "skipped time stamp of transcript.parquet: Test Stamps, 2026" in done.out
    edit(Path("b/evidence.json"), lambda value: value["commitments"][0].update(time="2001-01-01T00:00:00+00:00"))
    redigest(Path("b"))
    told = failed(run("verify", "b", *stamped))
    assert any(line.startswith("commitments of evidence.json: run.parquet: evidence says 2001") for line in told)


@pytest.mark.parametrize(
    "bend",
    [
        lambda told: told.pop("resamples"),
        lambda told: told.update(resamples="many"),
        lambda told: told.update(queries=-3, select="recent"),
        lambda told: told.update(queries=30, select="worst"),
    ],
)
def test_bent_settings_are_caught(run, ordered, bend):
    """Settings that somebody else wrote end in a finding, whatever they are."""
    edit(ordered / "bundle.json", lambda value: bend(value["settings"]))
    assert failed(run("verify", ordered))[0].startswith("numbers of evidence.json: ")


@pytest.mark.usefixtures("corpus")
def test_usage(run, refused, transcript, counts):
    """A folder that exists is refused before anything is asked; a stream cannot be kept."""
    Path("there").mkdir()
    order = ("audit", "order", transcript, "--suspect", counts, "--out", "o.json")
    assert refused(*order, "--bundle", "there").startswith("there: exists")
    Path("there").rmdir()
    scored = ("audit", "order", transcript, "--scores", "-", "--bundle", "there")
    assert run(*scored).code == 2
    assert not Path("there").exists()
    shutil.rmtree("there", ignore_errors=True)


@pytest.fixture
def pair(tmp_path):
    """Give a private and a public key that sign."""
    key = Ed25519PrivateKey.generate()
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    (tmp_path / "signing.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "signer.pem").write_bytes(key.public_key().public_bytes(pem, public))
    return "signing.pem", "signer.pem"


def test_a_signed_bundle(run, ordered, pair):
    """Who signed, and that nothing changed since, down to the manifest; one flipped byte anywhere is caught."""
    done = run("sign", ordered, "--key", pair[0])
    assert done.code == 0, done.err
    assert done.err == "signed: b/bundle.dsse.json; next: provtool verify b --signer PEM\n"
    done = run("verify", ordered, "--signer", pair[1])
    assert done.code == 0, done.out
    assert "holds   what was signed: 7 files, as they are here" in done.out
    edit(ordered / "bundle.json", lambda value: value["environment"].update(cores=512))
    told = failed(run("verify", ordered, "--signer", pair[1]))
    assert told == ["signature: bundle.json: not what was signed"]


def test_signed_evidence(run, ordered, pair, tmp_path):
    """A lone evidence file is signed too; verify finds the signature beside it, and its commitment."""
    assert ordered.is_dir()
    assert run("sign", "o.json", "--key", pair[0]).code == 0
    assert "holds   signature: by key " in run("verify", "o.json", "--signer", pair[1]).out
    run("commit", "o.json")
    assert "holds   commitment to o.json" in run("verify", "o.json", "--signer", pair[1]).out
    (tmp_path / "o.json").write_text((tmp_path / "o.json").read_text() + " ")
    done = run("verify", "o.json", "--signer", pair[1])
    assert "signature: o.json: not what was signed" in failed(done)

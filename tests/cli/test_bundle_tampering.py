"""What ``provtool verify`` catches, attack by attack, on the golden bundles of an order and of a watermark audit.

Whoever tampers goes further each time: one file; its digest too; every digest that names it; the commitment; the
signature. Each edit leaves files that can be read.
"""

import json
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import storage
from provenance.artifacts import TOOL
from provenance.bundles import manifests

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden"
BUNDLES = ("bundle-order", "bundle-watermark")
SOURCE = {"bundle-order": "transcript", "bundle-watermark": "ledger"}
MEANS = {
    "bundle-order": ("--timestamp-roots", GOLDEN / "toy-roots.pem"),
    "bundle-watermark": ("--signer", GOLDEN / "toy-signer.pem", "--key", GOLDEN / "toy.key"),
}
OF_SCORES = "numbers of evidence.json: "


@pytest.fixture
def attack(run):
    """Lay a bundle out, have it tampered with, and give what fails: a line for each finding, and exit code 1."""

    def call(name, tamper, *how):
        shutil.copytree(GOLDEN / name, "b")
        tamper(Path("b"))
        done = run("verify", "b", *(how or MEANS[name]))
        assert done.code == 1
        lines = done.out.splitlines()
        assert all(line.startswith(("holds   ", "FAILS   ", "skipped ")) for line in lines)
        assert re.match(r"not all that was checked holds: [1-9]\d* fail, \d+ hold, \d+ skipped\n$", done.err)
        return [line.removeprefix("FAILS   ") for line in lines if line.startswith("FAILS")]

    return call


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


def reheader(path, change):
    """Change what a table says of itself and leave its rows as they are."""
    table = pq.read_table(path)
    header = json.loads(table.schema.metadata[b"provtool"])
    change(header)
    pq.write_table(table.replace_schema_metadata({b"provtool": json.dumps(header).encode()}), path)


def redigest(folder):
    """Give the manifest the digests of the files as they are now."""
    edit(folder / "bundle.json", lambda value: value.update(files=manifests.digests(folder)))


def everywhere(folder, name, change):
    """Change a file, and every digest that names it: in tables made from it, in evidence, in the manifest."""
    old = storage.digest(folder / name)
    change(folder / name)
    new = storage.digest(folder / name)
    for path in folder.glob("*.parquet"):
        if path.name != name and old in str(pq.read_schema(path).metadata):
            everywhere(folder, path.name, lambda at: reheader(at, lambda told: _rename(told["inputs"], old, new)))
    for path in (folder / "evidence.json", folder / "bundle.json"):
        path.write_text(path.read_text().replace(old, new))
    redigest(folder)


def _rename(inputs, old, new):
    inputs.update({role: new for role, digest in inputs.items() if digest == old})


def uncommit(folder):
    """Take commitments away, with what evidence says of them."""
    for path in [*folder.glob("*.commitment.*"), *folder.glob("*.opening.json")]:
        path.unlink()
    edit(folder / "evidence.json", lambda value: value.update(commitments=[]))
    redigest(folder)


def louder(path):
    """Make one text likelier by half a nat: of the watermark bundle the published wording of a document."""

    def change(rows):
        rows[5]["logprob"][0] += 0.5

    rewrite(path, change)


def swap(path):
    """Let two documents of a ledger, or two examples of a run, change places."""

    def change(rows):
        if "positions" in rows[0]:
            rows[3]["positions"], rows[9]["positions"] = rows[9]["positions"], rows[3]["positions"]
        else:
            for part in ("text", "sha256", "sites"):
                rows[3][part], rows[9][part] = rows[9][part], rows[3][part]

    rewrite(path, change)


def cut(path):
    """Lose the last third of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


@pytest.mark.parametrize("name", BUNDLES)
def test_what_nobody_touched_holds(run, name):
    """The attacks below start from bundles in which nothing fails."""
    done = run("verify", GOLDEN / name, *MEANS[name])
    assert (done.code, "FAILS" in done.out) == (0, False), done.out


@pytest.mark.parametrize("name", BUNDLES)
class TestOneChangedScore:
    """A number of a suspect's answer."""

    def test_alone(self, attack, name):
        """The digest tells, and names the file."""
        assert attack(name, lambda folder: louder(folder / "scores.parquet"))[0] == "files: scores.parquet: altered"

    def test_with_its_digest_in_the_manifest(self, attack, name):
        """Evidence names the digest of the scores that it was computed from."""

        def tamper(folder):
            louder(folder / "scores.parquet")
            redigest(folder)

        told = attack(name, tamper)
        assert any(line.startswith(f"{OF_SCORES}inputs.scores: ") for line in told)

    def test_with_every_digest(self, attack, name):
        """The numbers that come out are others than those that evidence claims."""
        told = attack(name, lambda folder: everywhere(folder, "scores.parquet", louder))
        assert not any(line.startswith("files: ") for line in told)
        differing = [line.removeprefix(OF_SCORES).partition(":")[0] for line in told if line.startswith(OF_SCORES)]
        assert differing
        assert not any(field.startswith("inputs") for field in differing)


@pytest.mark.parametrize("name", BUNDLES)
@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("pvalue", lambda told: told.update(pvalue=told["pvalue"] / 10)),
        ("log10_pvalue", lambda told: told.update(log10_pvalue=told["log10_pvalue"] - 1)),
        ("statistic.value", lambda told: told["statistic"].update(value=told["statistic"]["value"] + 0.001)),
        ("effect.low", lambda told: told["effect"].update(low=told["effect"]["low"] + 0.001)),
        ("evalue.log10_max", lambda told: told["evalue"].update(log10_max=told["evalue"]["log10_max"] + 0.01)),
        ("gates[0].detail", lambda told: told["gates"][0].update(detail="nothing was seen")),
        ("caveats", lambda told: told["caveats"].append("All is well.")),
        ("claim", lambda told: told.update(claim="The suspect derives from the run beyond all doubt.")),
        ("n", lambda told: told.update(n=told["n"] * 10)),
    ],
)
def test_one_changed_number_of_the_evidence(attack, name, field, change):
    """Altered together with its digest, the number itself is named, with what comes out in its place."""

    def tamper(folder):
        edit(folder / "evidence.json", change)
        redigest(folder)

    told = attack(name, tamper)
    assert not any(line.startswith("files: ") for line in told)
    (line,) = (line for line in told if line.startswith(f"{OF_SCORES}{field}: "))
    assert " claimed, " in line
    assert line.endswith(" computed again")


@pytest.mark.parametrize("name", BUNDLES)
def test_one_changed_number_alone(attack, name):
    """Where only evidence was altered its digest tells, and the number is named all the same."""
    told = attack(name, lambda folder: edit(folder / "evidence.json", lambda value: value.update(pvalue=1e-9)))
    assert told[0] == "files: evidence.json: altered"
    assert f"{OF_SCORES}pvalue: 1e-09 claimed, 0.001 computed again" in told


@pytest.mark.parametrize("name", BUNDLES)
def test_a_verdict_that_the_numbers_contradict(attack, name):
    """Another verdict, its digest made anew, is caught by the numbers."""

    def tamper(folder):
        edit(folder / "evidence.json", lambda told: told.update(verdict="no-evidence"))
        redigest(folder)

    told = attack(name, tamper)
    assert f"{OF_SCORES}verdict: no-evidence claimed, evidence computed again" in told


@pytest.mark.parametrize("name", BUNDLES)
class TestASwappedRow:
    """Two rows of the ledger, or two positions of the run, that changed places."""

    def test_with_its_digest_in_the_manifest(self, attack, name):
        """The commitment no longer opens, and evidence names another file."""

        def tamper(folder):
            swap(folder / f"{SOURCE[name]}.parquet")
            redigest(folder)

        told = attack(name, tamper)
        assert any(
            f"{SOURCE[name]}.parquet is not the file that was committed to on 2026-03-04" in line for line in told
        )
        assert any(line.startswith(OF_SCORES) for line in told)

    def test_with_every_digest(self, attack, name):
        """The commitment still tells."""
        told = attack(name, lambda folder: everywhere(folder, f"{SOURCE[name]}.parquet", swap))
        assert any(line.startswith(f"commitment to {SOURCE[name]}.parquet: ") for line in told)

    def test_with_every_digest_and_without_commitment(self, attack, name):
        """The numbers of the order are others; the key did not deal these choices to these documents."""

        def tamper(folder):
            everywhere(folder, f"{SOURCE[name]}.parquet", swap)
            uncommit(folder)

        told = attack(name, tamper)
        assert any(line.startswith({"transcript": OF_SCORES, "ledger": "deals: "}[SOURCE[name]]) for line in told)


@pytest.mark.parametrize("name", BUNDLES)
def test_a_commitment_that_was_taken_away(attack, name):
    """Evidence names a commitment; where none lies that is told."""

    def tamper(folder):
        for path in [*folder.glob("*.commitment.*"), *folder.glob("*.opening.json")]:
            path.unlink()
        redigest(folder)

    told = attack(name, tamper)
    assert any(
        re.match(r"commitments of evidence\.json: .*no such commitment lies beside what was audited", line)
        for line in told
    )


def test_another_key(run, attack):
    """A key that did not deal the choices is told from the one that did."""
    assert run("key", "new", "other.key").code == 0
    told = attack("bundle-watermark", lambda _: None, "--key", "other.key")
    (line,) = told
    assert re.match(
        r"deals of ledger\.parquet: .*dealt by key [0-9a-f]{16}; expected a ledger of key [0-9a-f]{16}$", line
    )


@pytest.mark.parametrize(
    ("name", "file"),
    [(name, path.name) for name in BUNDLES for path in sorted((GOLDEN / name).iterdir()) if path.name != "bundle.json"],
)
def test_a_cut_file(attack, name, file):
    """Any file that lost its end is named, its digest made anew or not; a page of another version, by its digest."""

    def tamper(folder):
        cut(folder / file)
        if file not in {"report.html", "report.md"}:
            redigest(folder)

    assert any(file in line for line in attack(name, tamper))


@pytest.mark.parametrize("name", BUNDLES)
def test_a_cut_manifest(run, name):
    """A manifest that lost its end is one line with the place."""
    shutil.copytree(GOLDEN / name, "b")
    cut(Path("b/bundle.json"))
    done = run("verify", "b")
    assert (done.code, done.out) == (1, "")
    assert re.match(r"provtool: b/bundle\.json:\d+: not JSON \(.*\); expected provtool/bundle/1\n$", done.err)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda told: told.update(alpha=0.5), "report: report.json: alpha: 0.5 claimed, 0.01 computed again"),
        (
            lambda told: told["evidence"][0].update(adjusted_verdict="no-evidence"),
            "report: report.json: evidence[0].adjusted_verdict: no-evidence claimed, evidence computed again",
        ),
        (lambda told: told.pop("evidence"), "report: cannot be laid out again: 'evidence'"),
    ],
)
def test_a_report_that_another_version_laid_out(attack, change, line):
    """The numbers of its JSON are compared; that the page is not is said."""

    def tamper(folder):
        edit(folder / "report.json", change)
        redigest(folder)

    assert attack("bundle-order", tamper) == [line]


def test_a_field_that_an_earlier_version_did_not_know(run, attack):
    """Its absence is said and is no failure; of this version, or of a field that was always there, it is one."""
    said = run("verify", GOLDEN / "bundle-order").out
    assert f"skipped {OF_SCORES}provtool/0.1.0+golden did not say it yet: unreferenced: nothing claimed, " in said

    def tamper(folder, change):
        edit(folder / "evidence.json", change)
        redigest(folder)

    told = attack("bundle-order", lambda folder: tamper(folder, lambda value: value.pop("evalue")))
    assert told[0].startswith(f"{OF_SCORES}evalue: nothing claimed, ")
    shutil.rmtree("b")
    told = attack("bundle-order", lambda folder: edit(folder / "bundle.json", lambda value: value.update(tool=TOOL)))
    assert told[0].startswith(f"{OF_SCORES}unreferenced: nothing claimed, ")


@pytest.mark.parametrize("name", BUNDLES)
def test_a_long_text_is_shown_where_it_differs(attack, name):
    """A word changed at the end of a long text stands in the line that tells it."""

    def tamper(folder):
        edit(folder / "evidence.json", lambda told: told.update(null=f"{told['null']} Or so."))
        redigest(folder)

    (line,) = (line for line in attack(name, tamper) if line.startswith(f"{OF_SCORES}null: …"))
    assert "Or so. claimed, " in line
    assert len(line) < 250


class TestASignedBundle:
    """Everything made anew but the signature, or with another one."""

    @staticmethod
    def _forge(folder):
        """Alter a number, and lie about it everywhere."""
        edit(folder / "evidence.json", lambda told: told.update(seed=1))
        redigest(folder)

    def test_evidence_altered_together_with_its_digest(self, attack):
        """What was signed is named file by file: evidence, and the manifest that was made to fit it."""
        told = attack("bundle-watermark", self._forge)
        assert {"signature: evidence.json: not what was signed", "signature: bundle.json: not what was signed"} <= set(
            told
        )

    def test_signed_again_by_somebody_else(self, run, attack):
        """A signature of another key does not hold for the signer that was named."""
        key = Ed25519PrivateKey.generate()
        coding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        Path("forger.pem").write_bytes(key.private_bytes(*coding))

        def tamper(folder):
            self._forge(folder)
            assert run("sign", folder, "--key", "forger.pem").code == 0

        told = attack("bundle-watermark", tamper)
        assert any(
            re.match(r"signature: by key [0-9a-f]{12}, not by ea6ba5c9ce65 over this statement", line) for line in told
        )

    def test_a_signature_that_was_taken_away(self, attack):
        """Who expects a signer is told that nobody signed."""
        told = attack("bundle-watermark", lambda folder: (folder / "bundle.dsse.json").unlink())
        assert told == ["signature: nobody signed this: provtool sign"]


@pytest.mark.parametrize(
    ("name", "tamper", "line"),
    [
        ("bundle-order", lambda folder: louder(folder / "scores.parquet"), "scores"),
        ("bundle-watermark", lambda folder: swap(folder / "ledger.parquet"), "ledger"),
    ],
)
def test_machines_are_told_the_same(run, name, tamper, line):
    """As JSON each finding is an entry with its outcome, and the whole does not hold."""
    shutil.copytree(GOLDEN / name, "b")
    tamper(Path("b"))
    done = run("verify", "b", "--json")
    found = json.loads(done.out)
    assert (done.code, found["holds"]) == (1, False)
    assert any(check["outcome"] == "failed" and line in check["detail"] for check in found["checks"])


@pytest.mark.parametrize("place", ["scores.parquet", "evidence.json"])
def test_a_redacted_bundle(run, place):
    """One changed sum, and one changed number of the evidence, are caught with digests made anew."""

    def softer(rows):
        rows[5]["total"] -= 0.5

    shutil.copytree(GOLDEN / "bundle-order-redacted", "b")
    if place == "scores.parquet":
        rewrite(Path("b") / place, softer)
    else:
        edit(Path("b") / place, lambda told: told.update(pvalue=told["pvalue"] / 10))
    redigest(Path("b"))
    done = run("verify", "b")
    assert done.code == 1
    assert f"FAILS   {OF_SCORES}" in done.out

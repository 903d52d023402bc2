"""Golden artifacts: what provtool wrote once is read, verified and reported for ever."""

import ast
import hashlib
import json
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli import main
from provenance import artifacts, commitments, evidence, kinds, plans, scoring, storage, suspects, unfinished
from provenance.audits import labelled, reshuffle
from provenance.bundles import comparing, manifests
from provenance.bundles.redacted import scores as redacted_scores
from provenance.bundles.redacted import transcripts as redacted_transcripts
from provenance.checks import SCHEMA as VERIFICATION
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.evidence import Gate
from provenance.report import page
from provenance.reruns import manifests as reruns
from provenance.transcripts import log, tables
from watermark import claims, keys, ledger
from watermark import redacted as redacted_ledgers
from watermark import unfinished as markings

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "fixtures" / "golden"
PACKAGES = ("provenance", "watermark", "cli")
SCHEMA = re.compile(r"provtool/[a-z-]+/\d+")
AUDITS = ("order", "watermark", "membership", "overlap", "reshuffle", "trace")
FEW = ("--resamples", "999", "--alpha", "0.01")
AGAIN = {
    "order": (
        "transcript.parquet", "--scores", "bundle-order/scores.parquet", "--reference-scores",
        "bundle-order/reference-1.parquet", "--timestamp-roots", "toy-roots.pem", *FEW,
    ),
    "watermark": ("marked/ledger.parquet", "--scores", "bundle-watermark/scores.parquet", *FEW),
    "membership": (
        "members.jsonl", "nonmembers.jsonl", "--scores", "membership.scores.parquet", "--split-seed", "7", *FEW
    ),
    "overlap": ("transcript.parquet", "quotes.txt", "--weight", "longest", *FEW),  # the one way there was then
    "trace": ("marked/ledger.parquet", "leak.txt", *FEW),
}  # fmt: skip
WORDS = Gate(name="neighbours:words", passed=True, detail="as the audit saw it")


def _read_training_log(path):
    about, steps = log.read(path, {})
    return about, list(steps)


def _read_shards(path):
    """Look at what an interrupted scoring says of itself as the next run does; it goes on with its own version only."""
    told = json.loads(path.read_text())
    del told["schema"]
    unfinished._check(path, told)
    return told


def _read_marking(path):
    told = json.loads(path.read_text())
    del told["schema"]
    markings._check(path, told)
    return told


READERS = {
    "transcript/1": tables.read,
    "ngram/1": lambda path: suspects.load(f"ngram:{path}"),
    "scores/1": scoring.read,
    "ledger/1": ledger.read,
    "redacted-scores/1": redacted_scores.read,
    "redacted-transcript/1": lambda path: redacted_transcripts.read(path, words=WORDS),
    "redacted-ledger/1": redacted_ledgers.read,
    "bundle/1": manifests.read,
    "certificate/1": claims.read,
    "commitment/1": lambda path: commitments.published(str(path).removesuffix(".commitment.json")),
    "opening/1": lambda path: commitments.open_beside(str(path).removesuffix(".opening.json"), sha256=_named(path)),
    "evidence/1": evidence.read,
    "labelled/1": lambda path: storage.read_json(path, schema=labelled.SCHEMA),
    "plan/1": plans.read,
    "report/1": lambda path: storage.read_json(path, schema=page.SCHEMA),
    "rerun/1": lambda path: reruns.outline(path.parents[1]),
    "reruns/1": lambda path: reruns.outline(path.parent),
    "sampling/1": lambda path: storage.read_json(path, schema="provtool/sampling/1"),
    "shards/1": _read_shards,
    "training-log/1": _read_training_log,
    "unfinished/1": _read_marking,
    "verification/1": lambda path: storage.read_json(path, schema=VERIFICATION),
}
"""Who reads each kind, by name and schema, as the tool itself does."""


def _named(opening):
    """Give the digest that an opening opens to: its file's own, or what a redacted one stands for."""
    header = json.loads(pq.read_schema(str(opening).removesuffix(".opening.json")).metadata[b"provtool"])
    return header["settings"].get("stands_for")


def _files():
    """Give every golden file's place with its kind and schema, for those that have one."""
    found = {}
    for path in sorted(GOLDEN.rglob("*")):
        if path.suffix == ".parquet" and path.parent.name != "begun.unfinished":
            header = json.loads(pq.read_schema(path).metadata[b"provtool"])
            found[path.relative_to(GOLDEN)] = f"{header['kind']}/{header['schema']}"
        elif path.suffix in {".json", ".log"}:
            text = path.read_text(encoding="utf-8")
            schema = json.loads(text if path.suffix == ".json" else text.splitlines()[0]).get("schema")
            if schema:
                found[path.relative_to(GOLDEN)] = schema.removeprefix("provtool/")
    return found


FILES = _files()
FIRST = {kind: path for path, kind in reversed(FILES.items())}
"""One file of each kind and schema."""


def _schemas():
    """Find every schema that the code names: those of JSON files, and those of tables."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and SCHEMA.fullmatch(node.value):
                    yield node.value.removeprefix("provtool/")
                elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Kind":
                    told = {
                        one.arg: ast.literal_eval(one.value) for one in node.keywords if one.arg in {"name", "schema"}
                    }
                    if "name" in told:
                        yield f"{told['name']}/{told.get('schema', 1)}"


@pytest.fixture
def golden(tmp_path, monkeypatch):
    """Work in a copy, under the names that the artifacts were made with."""
    shutil.copytree(GOLDEN, tmp_path / "golden")
    monkeypatch.chdir(tmp_path / "golden")
    monkeypatch.delenv(keys.ENVIRONMENT, raising=False)
    return tmp_path / "golden"


@pytest.fixture
def said(capsys):
    """Run a command, which has to end well, and give what it prints."""

    def call(*arguments):
        code = 0
        try:
            main.main(list(arguments))
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    return call


def test_nobody_made_them_anew():
    """Every golden file has the digest that it had when it was made, and no other lies beside."""
    lines = (GOLDEN / "SHA256SUMS").read_text().splitlines()
    told = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    there = {path.relative_to(GOLDEN).as_posix(): path for path in GOLDEN.rglob("*") if path.is_file()}
    found = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}
    assert told == {name: digest for name, digest in found.items() if name not in {"SHA256SUMS", "README.md"}}


def test_every_schema_has_a_golden_file():
    """What the code can write lies here, and has a reader; a new kind or schema fails until it does."""
    named = set(_schemas())
    assert {"transcript/1", "evidence/1", "redacted-ledger/1"} <= named
    assert named - set(FILES.values()) == set()
    assert set(FILES.values()) <= READERS.keys()


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_is_read(golden, path):
    """The tool's own reader reads it."""
    assert READERS[FILES[path]](golden / path) is not None


@pytest.mark.parametrize(("kind", "path"), FIRST.items(), ids=FIRST)
def test_a_newer_schema_is_refused(golden, kind, path):
    """A reader that is older than a file says which schema it found and which it reads."""
    name, number = kind.split("/")
    _bump(golden / path, name, int(number) + 1)
    with pytest.raises(ArtifactError) as refused:
        READERS[kind](golden / path)
    line = str(refused.value)
    assert path.name in line
    found, expected = line.split("expected", 1)
    assert f"{name} of schema 2" in found if path.suffix == ".parquet" else f"provtool/{name}/2" in found
    assert "schema 1" in expected if path.suffix == ".parquet" else f"provtool/{name}/1" in expected


def _bump(path, name, number):
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        header = {**json.loads(table.schema.metadata[b"provtool"]), "schema": number}
        pq.write_table(table.replace_schema_metadata({b"provtool": json.dumps(header).encode()}), path)
    else:
        text = path.read_text(encoding="utf-8")
        assert f"provtool/{name}/1" in text
        path.write_text(text.replace(f"provtool/{name}/1", f"provtool/{name}/{number}", 1), encoding="utf-8")


def test_the_key_is_read_and_a_newer_one_refused(golden):
    """The toy key is the one that the ledger names; a key of another format is refused without being shown."""
    assert keys.load(golden / "toy.key").id == ledger.read(golden / "marked" / "ledger.parquet").key_id
    content = (golden / "toy.key").read_text()
    (golden / "toy.key").write_text(content.replace("key-1", "key-2"))
    with pytest.raises(InputError, match="'provtool-key-1:' and 64 hexadecimal digits") as refused:
        keys.load(golden / "toy.key")
    assert content.strip().partition(":")[2] not in str(refused.value)


@pytest.mark.parametrize("audit", AUDITS)
@pytest.mark.usefixtures("golden")
def test_an_audit_of_golden_answers_gives_the_golden_evidence(said, audit):
    """The deciding numbers are the same to twelve digits, and every other number and word as in a bundle."""
    again = (
        _reshuffled()
        if audit == "reshuffle"
        else evidence.from_json(json.loads(said("audit", audit, *AGAIN[audit], "--out", "-")))
    )
    told = evidence.read(f"{audit}.json")
    assert (again.verdict, again.n, again.decided_by) == (told.verdict, told.n, told.decided_by)
    for number in ("pvalue", "log10_pvalue", "statistic", "effect", "evalue", "auroc"):
        assert _numbers(getattr(again, number)) == pytest.approx(_numbers(getattr(told, number)), rel=1e-12, abs=1e-12)
    _, differences = comparing.compare(told, again)
    _, faults = comparing.unsaid(differences)
    assert [str(one) for one in faults] == []


def _reshuffled():
    """Rank the kept answers by what was written down of the re-runs: the models that the command asks for are gone."""
    run, *others = (scoring.read(path) for path in sorted(Path("story.reshuffle.scores").iterdir(), key=_run_first))
    made, transcript = reruns.outline("reruns"), tables.read("tokens.parquet")
    return reshuffle.audit(run, others, name="story.txt", made=made, transcript=transcript, alpha=0.2)


def _run_first(path):
    return path.stem != "run", path.stem


def _numbers(value):
    """Give the numbers of a result in the order of its fields."""
    if isinstance(value, int | float):
        return [value]
    names = type(value).__dataclass_fields__ if value is not None else ()
    return [part for name in names if isinstance(part := getattr(value, name), int | float)]


@pytest.mark.parametrize(
    ("path", "how", "held"),
    [
        ("bundle-order", ["--timestamp-roots", "toy-roots.pem"], {"numbers of evidence.json", "files",
         "commitment to transcript.parquet", "time stamp of transcript.parquet"}),
        ("bundle-order-redacted", ["--private", "transcript.parquet", "--private", "bundle-order/scores.parquet",
         "--private", "bundle-order/reference-1.parquet"], {"numbers of evidence.json", "redaction of scores.parquet",
         "redaction of transcript.parquet", "commitment to transcript.parquet"}),
        ("bundle-watermark", ["--signer", "toy-signer.pem", "--key", "toy.key"], {"numbers of evidence.json",
         "deals", "signature", "what was signed", "commitment to ledger.parquet"}),
        ("bundle-watermark-redacted", ["--key", "toy.key"], {"numbers of evidence.json", "key of ledger.parquet"}),
        ("marked", ["--key", "toy.key"], {"release files", "ledger commitment", "deals", "documents", "counts"}),
        ("transcript.parquet", ["--timestamp-roots", "toy-roots.pem"], {"commitment to transcript.parquet",
         "time stamp of transcript.parquet"}),
        ("order.json", ["--signer", "toy-signer.pem"], {"signature", "what was signed"}),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("golden")
def test_it_verifies(said, path, how, held):
    """Nothing fails, and what can be shown is shown: numbers, digests, deals, commitments, time stamps, signatures."""
    found = json.loads(said("verify", path, *how, "--json"))
    assert found["holds"]
    assert held <= {check["what"] for check in found["checks"] if check["outcome"] == "held"}


@pytest.mark.parametrize(
    ("path", "kind", "hint"),
    [
        (
            "watermark.json",
            "evidence",
            "provtool audit … --bundle DIR, whose numbers are computed again, or provtool sign",
        ),
        ("membership.scores.parquet", "scores", "provtool commit membership.scores.parquet"),
        ("recorded.parquet", "transcript", "provtool commit recorded.parquet"),
        ("recorded.parquet.log", "training-log", "provtool commit recorded.parquet.log"),
        ("bundle-order-redacted/scores.parquet", "redacted-scores", "provtool commit bundle-order-redacted/scores"),
        ("ngram.parquet", "ngram", "provtool commit ngram.parquet"),
        ("plan-watermark.json", "plan", "provtool commit plan-watermark.json"),
        ("report.json", "report", "provtool commit report.json"),
        ("labels.json", "labelled", "provtool commit labels.json"),
        ("verification.json", "verification", "provtool commit verification.json"),
        ("sample.jsonl.sampling.json", "sampling", "provtool commit sample.jsonl.sampling.json"),
        ("begun.parquet.shards/settings.json", "shards", "provtool commit begun.parquet.shards/settings.json"),
        ("begun.unfinished/manifest.json", "unfinished", "provtool commit begun.unfinished/manifest.json"),
        ("reruns/original/rerun.json", "rerun", "provtool audit reshuffle, which checks what it reads"),
        ("toy.key", "key", "provtool verify RELEASE --key toy.key"),
        ("corpus.jsonl", None, "provtool commit corpus.jsonl"),
        ("toy-signer.pem", None, "provtool commit toy-signer.pem"),
    ],
)
@pytest.mark.usefixtures("golden")
def test_what_verify_cannot_check_is_said_in_one_line(capsys, path, kind, hint):
    """The line names the kind of file, and what can be checked in its place; a secret is never shown."""
    with pytest.raises(SystemExit) as stop:
        main.main(["verify", path])
    out, err = capsys.readouterr()
    assert (stop.value.code, out) == (1, "")
    known = f"a file of kind '{kind}': " if kind else ""
    assert err.startswith(f"provtool: {path}: {known}no certificate, and no commitment beside it; try {hint}")
    assert err.count("\n") == 1
    assert "provtool-key" not in err


@pytest.mark.usefixtures("golden")
def test_a_folder_that_is_neither_bundle_nor_release(capsys):
    """The line says what was looked for in the folder."""
    with pytest.raises(SystemExit):
        main.main(["verify", "reruns"])
    what = (
        "a folder with neither bundle.json nor certificate.json; expected a bundle, or a release with its certificate"
    )
    assert capsys.readouterr().err == f"provtool: reruns: {what}\n"


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("transcript.parquet.commitment.json", "commitment to transcript.parquet"),
        ("transcript.parquet.commitment.tsr", "time stamp of transcript.parquet"),
        ("transcript.parquet.opening.json", "commitment to transcript.parquet"),
        ("order.json.dsse.json", "what was signed"),
        ("bundle-watermark/bundle.dsse.json", "numbers of evidence.json"),
        ("bundle-order/bundle.json", "numbers of evidence.json"),
        ("marked/certificate.json", "documents"),
    ],
)
@pytest.mark.usefixtures("golden")
def test_what_lies_beside_a_file_stands_for_it(said, path, what):
    """Whoever names commitment, opening, time stamp, signature, manifest or certificate means what it is about."""
    found = json.loads(said("verify", path, "--timestamp-roots", "toy-roots.pem", "--json"))
    assert found["holds"]
    assert what in {check["what"] for check in found["checks"] if check["outcome"] == "held"}


@pytest.mark.usefixtures("golden")
def test_it_is_reported_again(said, tmp_path):
    """A page comes out, and its JSON says of every piece of evidence what the golden report says."""
    said("report", *(f"{audit}.json" for audit in AUDITS), "--out", str(tmp_path / "r.html"), "--alpha", "0.05")
    html, again = (tmp_path / "r.html").read_text(), json.loads((tmp_path / "r.json").read_text())
    told = json.loads((GOLDEN / "report.json").read_text())
    assert html.startswith("<!")
    assert all(entry["suspect"]["suspect"] in html for entry in told["evidence"])
    assert (again["alpha"], again["family"], again["verdicts"]) == (told["alpha"], told["family"], told["verdicts"])
    assert len(again["evidence"]) == len(told["evidence"]) == len(AUDITS)
    for new, old in zip(again["evidence"], told["evidence"], strict=True):
        for name in ("file", "sha256", "audit", "suspect", "verdict", "decided_by", "adjusted_verdict"):
            assert new[name] == old[name]
        for name in ("alpha", "log10_pvalue", "log10_floor", "adjusted_log10_pvalue"):
            assert new[name] == pytest.approx(old[name], rel=1e-12)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_kind_is_told(path):
    """A file says itself which kind it is."""
    assert kinds.tell(GOLDEN / path) == FILES[path].partition("/")[0]


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"[1]", b"{", b'{"schema": 5}', b'{"schema": "other/1"}', b"\xff\xfe"]
)
def test_a_foreign_file_is_of_no_kind(tmp_path, content):
    """Whatever else a file holds, it is none of ours, and neither is one that is not there."""
    (tmp_path / "x").write_bytes(content)
    assert kinds.tell(tmp_path / "x") is None
    assert kinds.tell(tmp_path / "none") is None


@pytest.mark.usefixtures("golden")
def test_the_corpus_comes_back(said, tmp_path):
    """The release and its ledger give the corpus back, byte for byte."""
    said("undo", "marked/release", "--ledger", "marked/ledger.parquet", "--out", str(tmp_path / "back"))
    (back,) = (path for path in (tmp_path / "back").rglob("*") if path.is_file())
    assert back.read_bytes() == (GOLDEN / "corpus.jsonl").read_bytes()


def test_an_interrupted_run_of_another_version_is_refused(golden):
    """Answers of another version are not mixed with those of this one, and the line says so."""
    told = {**_read_shards(golden / "begun.parquet.shards" / "settings.json"), "tool": artifacts.TOOL}
    with pytest.raises(MismatchError, match=r"another version \(provtool/0\.1\.0\+golden, now provtool/"):
        unfinished._check(golden / "begun.parquet.shards" / "settings.json", told)


def test_the_lot_is_small():
    """Half a megabyte, of which pages are two fifths."""
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*") if path.is_file()) < 600_000


def test_every_table_opens_in_other_tools():
    """Golden tables are plain Parquet: any reader opens them without ours."""
    for path in GOLDEN.rglob("*.parquet"):
        assert isinstance(pa.parquet.read_table(path), pa.Table)

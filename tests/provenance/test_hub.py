"""Where Hugging Face models lie."""

import http.server
import threading
import time

import huggingface_hub
import pytest

from provenance import suspects
from provenance.errors import SuspectError
from provenance.suspects import hub

COMMIT = "c" * 40


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """A model that an earlier use left on this machine."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--me--small" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    refs = tmp_path / "models--me--small" / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT)
    return snapshot


@pytest.fixture
def online(monkeypatch):
    """Let the hub's client believe that it may ask."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def endpoint(monkeypatch):
    """A real server that answers with a status, in the hub's place."""
    servers = []

    def answering(status):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                """Keep quiet."""

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")

    yield answering
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_folder_is_where_it_is(tmp_path, monkeypatch):
    """A folder is taken as it stands, from the home folder too, and no hub is asked."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine").mkdir()
    assert hub.locate(str(tmp_path / "mine")) == (str(tmp_path / "mine"), None)
    assert hub.locate("~/mine") == (str(tmp_path / "mine"), None)


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("status", [200, 401, 404, 503])
def test_a_hub_that_answers_is_used(endpoint, cached, status):
    """Whatever a hub answers, its own client goes on from there."""
    del cached
    endpoint(status)
    assert hub.locate("me/small@v1") == ("me/small", "v1")
    assert hub.locate("me/small") == ("me/small", None)


@pytest.mark.usefixtures("online")
def test_without_a_network_what_is_here_is_used(cached, monkeypatch):
    """Where no hub answers, a model that was used before is taken from this machine, at once."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert hub.locate("me/small") == (str(cached), None)
    assert hub.locate(f"me/small@{COMMIT}") == (str(cached), None)


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("name", ["me/other", "gpt9", "me/small@v2"])
def test_an_unknown_name_fails_at_once(cached, monkeypatch, name):
    """Without a network an unknown model is one line within seconds, not a minute of retries."""
    del cached
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(SuspectError, match=r"cannot be loaded \(not on this machine, and no hub can be reached\)"):
        suspects.load(f"hf:{name}")
    assert time.monotonic() - began < 10


def test_offline_means_offline(endpoint, cached, monkeypatch):
    """With HF_HUB_OFFLINE no hub is asked, even one that would answer."""
    endpoint(200)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert hub.locate("me/small") == (str(cached), None)
    with pytest.raises(SuspectError, match="not on this machine"):
        hub.locate("me/other")

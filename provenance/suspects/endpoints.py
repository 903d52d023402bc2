"""How is an OpenAI-compatible server asked many things at once, again where that may help, within a budget?

Requests run side by side on an event loop of their own; answers come in the order of the requests. Every attempt that
may have been paid for counts: one whose answer was lost as much as it could have cost at most.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import email.utils
import functools
import json
import os
import re
import time
from collections import deque
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import anyio.from_thread
import httpx
import tenacity

from provenance.errors import InputError, SuspectError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping, Sequence

    from anyio.from_thread import BlockingPortal

    from provenance.suspects.budgets import Budget
    from provenance.suspects.terms import Patience, Terms

KEYS = ("PROVTOOL_API_KEY", "OPENAI_API_KEY")
"""Where a key is looked for; the second is sent to nobody but OpenAI and the server in OPENAI_BASE_URL."""
AHEAD = 8
"""Answers kept, times the concurrency, while an earlier one is waited for."""
EXPECTED = "openai:BASE_URL#MODEL, such as openai:http://localhost:8000/v1#MODEL"
GLANCE = 0.02
"""Seconds between two looks at a budget that is used up for now."""
LONGEST_WAIT = 600.0
"""Seconds that a server may ask to be left alone."""
Future = concurrent.futures.Future[dict[str, Any]]
Task = asyncio.Task[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing to ask."""

    body: Mapping[str, Any]
    bound: int
    """Tokens that it can cost at most."""
    about: str
    """What messages call it."""


class RefusedError(SuspectError):
    """The server does not do what it was asked."""


class _AgainError(Exception):
    """The server may answer if asked again."""

    def __init__(self, what: str, *, status: int | None = None, after: float = 0.0, lost: bool = False) -> None:
        super().__init__(what)
        self.status = status
        self.after = after
        """Seconds that the server asked for."""
        self.lost = lost
        """Whether the attempt may have been paid for."""


class _SpentError(Exception):
    """The budget has no room for another request, and nothing is under way that could leave some."""

    def __init__(self, bound: int) -> None:
        super().__init__(bound)
        self.bound = bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server, the model on it, and the terms on which it is asked."""

    url: str
    model: str
    key: str | None = field(repr=False)
    budget: Budget
    concurrency: int
    patience: Patience

    def ask(self, requests: Sequence[Request], *, path: str = "completions") -> Iterator[dict[str, Any]]:
        """Send every request once, again only where no answer came, and give the answers in order.

        Raises
        ------
        SuspectError
            If the server cannot be reached, refuses, or answers anything but a JSON object; if the budget is used up,
            after all answers to what was sent.
        """
        given = 0
        try:
            for answer in self._answers(requests, path):
                yield answer
                given += 1
        except _SpentError as error:
            raise self.budget.refused(f"{given} of {len(requests)} texts were answered", bound=error.bound) from None

    def _answers(self, requests: Sequence[Request], path: str) -> Iterator[dict[str, Any]]:
        with anyio.from_thread.start_blocking_portal() as portal, self._client(portal) as client:
            waiting, under_way = deque[Future](), set[Task]()
            try:
                for request in requests:
                    while not (self._has_room(waiting) and self.budget.promise(request.bound)):
                        if not waiting:
                            raise _SpentError(request.bound)
                        _wait_for_one(waiting)
                        yield from _finished(waiting)
                    waiting.append(portal.start_task_soon(self._send, client, path, request, under_way))
                    yield from _finished(waiting)
                yield from (future.result() for future in waiting)
            finally:
                # Before the connections are closed, on which they run.
                portal.call(_stop, under_way)

    def _client(self, portal: BlockingPortal) -> Any:
        return portal.wrap_async_context_manager(
            httpx.AsyncClient(
                headers={"Authorization": f"Bearer {self.key}"} if self.key else {},
                timeout=self.patience.timeout,
                limits=httpx.Limits(max_connections=self.concurrency),
                verify=_certificates(),
            )
        )

    def _has_room(self, waiting: deque[Future]) -> bool:
        under_way = sum(not future.done() for future in waiting)
        return under_way < self.concurrency and len(waiting) < AHEAD * self.concurrency

    @property
    def place(self) -> str:
        """Its name as a suspect."""
        return f"openai:{self.url}#{self.model}"

    async def _send(
        self, client: httpx.AsyncClient, path: str, request: Request, under_way: set[Task]
    ) -> dict[str, Any]:
        """Ask until there is an answer; for the first attempt tokens were set aside, each other one sees to it."""
        if task := asyncio.current_task():
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        again = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_AgainError),
            stop=tenacity.stop_after_attempt(self.patience.attempts),
            wait=_Pause(tenacity.wait_random_exponential(multiplier=self.patience.pause, max=60)),
            reraise=True,
        )
        try:
            async for attempt in again:
                with attempt:
                    if attempt.retry_state.attempt_number > 1:
                        await self._promise(request.bound)
                    return await self._attempt(client, f"{self.url}/{path}", request)
        except _AgainError as error:
            raise self._failed(str(error), error.status, about=request.about) from error
        raise AssertionError("tenacity ended without an answer or an error")

    async def _promise(self, bound: int) -> None:
        """Set tokens aside once there are some, which those who are under way may leave over."""
        while not self.budget.promise(bound):
            if not self.budget.promised:
                raise _SpentError(bound)
            await asyncio.sleep(GLANCE)

    async def _attempt(self, client: httpx.AsyncClient, url: str, request: Request) -> dict[str, Any]:
        """Send a request once, and count what it used."""
        used = request.bound  # also where it is broken off
        try:
            answer = await self._post(client, url, request)
            used = paid(answer, request.bound)
        except _AgainError as error:
            used = request.bound if error.lost else 0
            raise
        except SuspectError:
            used = 0
            raise
        finally:
            self.budget.settle(request.bound, used=used)
        return answer

    async def _post(self, client: httpx.AsyncClient, url: str, request: Request) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self.patience.timeout):
                response = await client.post(url, json={"model": self.model, **request.body})
        except (TimeoutError, httpx.TimeoutException) as error:
            raise _AgainError(f"no answer within {self.patience.timeout:g} seconds", lost=True) from error
        except httpx.ConnectError as error:
            raise _AgainError(f"cannot be reached ({error})") from error
        except httpx.TransportError as error:
            raise _AgainError(f"the connection broke ({str(error) or type(error).__name__})", lost=True) from error
        return self._read(response, request)

    def _read(self, response: httpx.Response, request: Request) -> dict[str, Any]:
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or response.is_server_error:
            after = _after(response.headers.get("retry-after", ""))
            if after > LONGEST_WAIT:
                raise self._failed(f"asks to be left alone for {after:,.0f} seconds", None, about=request.about)
            raise _AgainError(self._said(response), status=response.status_code, after=after)
        if response.status_code != HTTPStatus.OK:
            raise self._failed(self._said(response), response.status_code, about=request.about)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            kind = response.headers.get("content-type", "something").partition(";")[0]
            raise self._failed(f"answered with {kind}, not a JSON object", HTTPStatus.NOT_FOUND, about=request.about)
        return answer

    def _said(self, response: httpx.Response) -> str:
        """Give status and message of an answer, without the key, which some servers repeat."""
        text = _message(response)
        if self.key:
            text = text.replace(self.key, "[key]")
        return f"answered {response.status_code} {response.reason_phrase}" + (f" ({text})" if text else "")

    def _failed(self, what: str, status: int | None, *, about: str) -> SuspectError:
        """Say what went wrong, and what to try where the status tells."""
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            which = "another key" if self.key else "a key"
            return SuspectError(what, path=self.place, expected=f"{which} in the variable {KEYS[0]}")
        if status == HTTPStatus.NOT_FOUND:
            expected = "the address under which /completions lies, and a model that is served there"
            hint = None if self.url.endswith("/v1") else f"openai:{self.url}/v1#{self.model}"
            return SuspectError(what, path=self.place, expected=expected, hint=hint)
        kind = SuspectError if status in {None, HTTPStatus.TOO_MANY_REQUESTS} else RefusedError
        return kind(f"{what}, asked about {about}", path=self.place)


@dataclass(frozen=True, slots=True)
class _Pause:
    """Wait longer after each attempt, and no shorter than the server asked for."""

    growing: tenacity.wait_random_exponential

    def __call__(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return float(max(self.growing(state), getattr(error, "after", 0.0)))


def locate(name: str, *, terms: Terms, budget: Budget) -> Endpoint:
    """Read ``BASE_URL#MODEL``, with a key from the environment.

    Raises
    ------
    InputError
        If it is no address with a model, or holds what may be a secret.
    """
    address, _, model = name.partition("#")
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise InputError(f"openai:{name} ({error})", expected=EXPECTED) from error
    if url.userinfo or url.query:
        raise InputError("an openai: address with a password or a query", expected=f"a key in {KEYS[0]}")
    if url.scheme not in {"http", "https"} or not url.host or not model:
        raise InputError(f"openai:{name}", expected=EXPECTED)
    place = str(url).rstrip("/").removesuffix("/completions")
    return Endpoint(
        url=place,
        model=model,
        key=_key(url),
        budget=budget,
        concurrency=terms.concurrency,
        patience=terms.patience,
    )


def hurried(endpoint: Endpoint) -> Endpoint:
    """Give an endpoint that is given up sooner: a first request that fails is a mistake more often than bad luck."""
    return replace(endpoint, patience=replace(endpoint.patience, attempts=min(3, endpoint.patience.attempts)))


def paid(answer: Mapping[str, Any], bound: int) -> int:
    """Read what an answer cost; as much as it could have where the server does not say."""
    usage = answer.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else bound


def _key(url: httpx.URL) -> str | None:
    """Find a key. One that is meant for OpenAI is not handed to whoever is under audit."""
    for name in KEYS:
        key = os.environ.get(name, "").strip()
        meant = os.environ.get("OPENAI_BASE_URL", "")
        if not key or (name == "OPENAI_API_KEY" and not _is_openai(url) and str(url).rstrip("/") != meant.rstrip("/")):
            continue
        if not re.fullmatch(r"[\x21-\x7e]+", key):
            raise InputError(f"{name} is no key: it holds spaces or characters outside ASCII")
        return key
    return None


def _is_openai(url: httpx.URL) -> bool:
    return url.scheme == "https" and (url.host == "openai.com" or url.host.endswith(".openai.com"))


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Read the authorities that HTTPS trusts once: it takes longer than a request."""
    return httpx.create_ssl_context()


def _wait_for_one(waiting: deque[Future]) -> None:
    under_way = [future for future in waiting if not future.done()]
    concurrent.futures.wait(under_way, return_when=concurrent.futures.FIRST_COMPLETED)


async def _stop(under_way: set[Task]) -> None:
    for task in list(under_way):
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


def _finished(waiting: deque[Future]) -> Iterator[dict[str, Any]]:
    """Give the answers that have come and whose turn it is."""
    while waiting and waiting[0].done():
        yield waiting.popleft().result()


def _after(header: str) -> float:
    """Read Retry-After: seconds, or a date; 0 where there is none."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return 0.0


def _message(response: httpx.Response) -> str:
    """Find what a server says of its error: OpenAI, vLLM, FastAPI and llama.cpp each put it elsewhere."""
    try:
        said: Any = response.json()
    except ValueError:
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(said, dict):
            said = said.get(name, said)
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return " ".join(text.split())[:200]

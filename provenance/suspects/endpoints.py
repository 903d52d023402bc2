"""How is an OpenAI-compatible server asked many things at once, again where that may help, within a budget?

Requests run side by side on an event loop of their own; answers come in the order of the requests. Every attempt that
may have been paid for counts: one whose answer was lost as much as it could have cost at most.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import anyio.from_thread
import httpx
import tenacity

from provenance.errors import SuspectError
from provenance.suspects import budgets, replies

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from anyio.from_thread import BlockingPortal

    from provenance.suspects.addresses import Address
    from provenance.suspects.budgets import Budget
    from provenance.suspects.terms import Patience, Terms

AHEAD = 8
"""Answers kept, times the concurrency, while an earlier one is waited for."""
GLANCE = 0.02
"""Seconds between two looks at a budget that is used up for now."""
LISTING = 10.0
"""Seconds to wait for a list of models, which only makes a message better."""
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


class _SpentError(Exception):
    """The budget has no room for another request, and nothing is under way that could leave some."""

    def __init__(self, bound: int) -> None:
        super().__init__(bound)
        self.bound = bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server, the model on it, and the terms on which it is asked."""

    address: Address
    budget: Budget
    concurrency: int
    patience: Patience

    def ask(self, requests: Sequence[Request], *, path: str = "completions") -> Generator[dict[str, Any]]:
        """Send every request once, again only where no answer came, and give the answers in order.

        Whoever may leave before the last answer closes it (`contextlib.closing`): left to the garbage collector, which
        may run on an event loop's own thread, it would wait there for itself.

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
            raise self.budget.refused(
                f"{given} of the {len(requests)} texts in hand were answered", bound=error.bound
            ) from None

    def models(self) -> tuple[str, ...]:
        """Name the models that the server says it serves; none where it says nothing."""
        headers = self._headers()
        try:
            answer = httpx.get(f"{self.address.url}/models", headers=headers, timeout=LISTING, verify=_certificates())
            return tuple(str(model["id"]) for model in answer.json()["data"])
        except (httpx.HTTPError, ValueError, LookupError, TypeError):
            return ()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.address.key}"} if self.address.key else {}

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
                headers=self._headers(),
                timeout=self.patience.timeout,
                # What is under way is counted here; who waits for a connection must not seem to wait for an answer.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=self.concurrency),
                verify=_certificates(),
            )
        )

    def _has_room(self, waiting: deque[Future]) -> bool:
        under_way = sum(not future.done() for future in waiting)
        return under_way < self.concurrency and len(waiting) < AHEAD * self.concurrency

    async def _send(
        self, client: httpx.AsyncClient, path: str, request: Request, under_way: set[Task]
    ) -> dict[str, Any]:
        """Ask until there is an answer; for the first attempt tokens were set aside, each other one sees to it."""
        if task := asyncio.current_task():
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        again = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(replies.AgainError),
            stop=tenacity.stop_after_attempt(self.patience.attempts),
            wait=_Pause(tenacity.wait_random_exponential(multiplier=self.patience.pause, max=60)),
            reraise=True,
        )
        try:
            async for attempt in again:
                with attempt:
                    if attempt.retry_state.attempt_number > 1:
                        await self._promise(request.bound)
                    return await self._attempt(client, f"{self.address.url}/{path}", request)
        except replies.AgainError as error:
            raise replies.failed(str(error), error.status, address=self.address, about=request.about) from error
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
            used = replies.paid(answer, request.bound)
        except replies.AgainError as error:
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
                response = await client.post(url, json={"model": self.address.model, **request.body})
        except (TimeoutError, httpx.TimeoutException) as error:
            raise replies.AgainError(f"no answer within {self.patience.timeout:g} seconds", lost=True) from error
        except httpx.ConnectError as error:
            raise replies.AgainError(f"cannot be reached ({error})") from error
        except httpx.TransportError as error:
            what = f"the connection broke ({str(error) or type(error).__name__})"
            raise replies.AgainError(what, lost=True) from error
        return replies.read(response, address=self.address, about=request.about)


@dataclass(frozen=True, slots=True)
class _Pause:
    """Wait longer after each attempt, and no shorter than the server asked for."""

    growing: tenacity.wait_random_exponential

    def __call__(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return float(max(self.growing(state), getattr(error, "after", 0.0)))


def open_at(address: Address, terms: Terms) -> Endpoint:
    """Give a server on a user's terms.

    Raises
    ------
    InputError
        If money is limited and no price known.
    """
    allowed = budgets.limit(max_tokens=terms.max_tokens, max_cost=terms.max_cost, price=terms.price)
    return Endpoint(
        address=address,
        budget=budgets.Budget(limit=allowed, price=terms.price),
        concurrency=terms.concurrency,
        patience=terms.patience,
    )


def hurried(endpoint: Endpoint) -> Endpoint:
    """Give an endpoint that is given up sooner: a first request that fails is a mistake more often than bad luck."""
    return replace(endpoint, patience=replace(endpoint.patience, attempts=min(3, endpoint.patience.attempts)))


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

"""The ASGI application of the web process: takes whole requests in, and only then hands them to Django.

A request costs a thread while Django works on it, and none while its body is sent or its answer is read. So a client
that is slow, or sends nothing, costs a connection and keeps nobody waiting (docs/production.md, "How a request
travels").
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.handlers.wsgi import get_path_info
from django.urls import Resolver404, resolve

from demeter.errors import DemeterError
from demeter.serving import admission, errors, waiting, wsgi
from demeter.serving.bodies import BodyReceiver, BodyRule, Budget, RawBody, Receive, Sink, StopReceiving
from demeter.serving.middleware import REFUSAL_KEY
from demeter.serving.pacing import Pace
from demeter.serving.spool import SpoolFolder
from demeter.serving.warm_up import warm_up

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

_DISK_THREADS: Final = 2
_FORM_OVERHEAD_BYTES: Final = 1024**2  # fields and part headers beside the files of an upload
_PIECE_BYTES: Final = 256 * 1024  # of an answer that is a file
_WITHOUT_CONTENT: Final = (204, 304)
# A client that is still sending when it is refused gets this long to read why: closing at once would reset the
# connection, and browsers then show no answer at all. The numbers are nginx's and less (lingering_time, _timeout).
_LINGER_S: Final = 30.0
_LINGER_SILENCE_S: Final = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Of one web process."""

    threads: int
    waiting: int
    spool_bytes: int
    answer_stall_s: float
    awaited: int  # requests that wait for what another process makes
    form: BodyRule
    upload: BodyRule  # its `max_bytes` is the view's

    @classmethod
    def from_settings(cls) -> "Limits":
        return cls(
            threads=settings.WEB_THREADS,
            waiting=settings.WEB_WAITING_REQUESTS,
            spool_bytes=settings.UPLOAD_SPOOL_BYTES // settings.WEB_PROCESSES,
            answer_stall_s=settings.ANSWER_STALL_S,
            awaited=settings.WEB_AWAITED_ANSWERS,
            form=BodyRule(
                max_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
                total_s=settings.FORM_BODY_TIMEOUT_S,
                stall_s=settings.FORM_BODY_TIMEOUT_S,
                stall_bytes=0,
            ),
            upload=BodyRule(
                max_bytes=0,
                overhead_bytes=_FORM_OVERHEAD_BYTES,
                total_s=settings.UPLOAD_BODY_TIMEOUT_S,
                stall_s=settings.UPLOAD_STALL_S,
                stall_bytes=settings.UPLOAD_STALL_BYTES,
            ),
        )


class Gateway:
    """An ASGI application around a WSGI one. Its folder and threads are made when the server starts it."""

    def __init__(self, application: wsgi.WsgiApplication, *, spool_root: Path, limits: Limits) -> None:
        self.application = application
        self.spool_root = spool_root
        self.limits = limits
        self._budget = Budget(limits.spool_bytes)
        self._full_speed = asyncio.Lock()
        self._waiting = 0
        self._pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="django")
        # Answers when the others cannot: that this process lives, and that it is busy.
        self._reserve = ThreadPoolExecutor(1, thread_name_prefix="reserve")
        self._disk = ThreadPoolExecutor(_DISK_THREADS, thread_name_prefix="disk")
        self._rows = ThreadPoolExecutor(1, thread_name_prefix="rows")
        self.waiting_room = waiting.WaitingRoom(self._rows, seats=limits.awaited)
        self._spool: SpoolFolder | None = None
        self._spool_lock = threading.Lock()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _Exchange(self, scope, receive, send).run()

    @property
    def folder(self) -> Path:
        """Where this process keeps what it receives."""
        with self._spool_lock:  # the first requests may come together, each in a thread of its own
            if self._spool is None:
                self._spool = SpoolFolder(self.spool_root)
            return self._spool.path

    async def run(self, environ: wsgi.Environ, *, is_new: bool = True) -> wsgi.Answer:
        """Django's answer. A new request is refused at once if too many wait for a thread already."""
        pool: Executor = self._pool
        if _is_probe(environ):
            pool = self._reserve
        elif is_new and self._waiting >= self.limits.waiting:
            environ[REFUSAL_KEY] = errors.busy()
            pool = self._reserve
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, self._in_thread, environ)
        finally:
            self._waiting -= 1

    def _in_thread(self, environ: wsgi.Environ) -> wsgi.Answer:
        return wsgi.run(self.application, environ, folder=self.folder)

    async def on_disk(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work, *args)

    def receiver(self, rule: BodyRule, sink: Sink) -> BodyReceiver:
        return BodyReceiver(
            sink, rule=rule, budget=self._budget, disk=self._disk, pace=Pace(self._full_speed)
        )

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(self._start)
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.close)
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _start(self) -> None:
        # Django's own temporary files go where they are cleared with everything else of this process.
        settings.FILE_UPLOAD_TEMP_DIR = str(self.folder)
        warm_up()

    def close(self) -> None:
        """End the threads when they are done with what they do, and delete what was being received."""
        for pool in (self._pool, self._reserve, self._disk, self._rows):
            pool.shutdown(wait=False, cancel_futures=True)
        if self._spool is not None:
            self._spool.remove()


class _Exchange:
    """One request and its answer."""

    def __init__(self, gateway: Gateway, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.gateway = gateway
        self.receive = receive
        self.send = send
        self.environ = wsgi.environ_of(scope)
        self.method: str = scope["method"]
        self.is_chunked = self.environ.pop("HTTP_TRANSFER_ENCODING", "") != ""
        self.announced_bytes = 0 if self.is_chunked else int(self.environ.get("CONTENT_LENGTH") or 0)
        self.waits_for_go = self.environ.get("HTTP_EXPECT", "").lower() == "100-continue"

    async def run(self) -> None:
        if self.is_chunked or self.announced_bytes:
            await self._with_body()
        else:
            self.environ["wsgi.input"] = BytesIO()
            await self._answer(await self.gateway.run(self.environ))

    async def _with_body(self) -> None:
        large = self._large_body()
        if large is None:
            await self._receive_and_run(self.gateway.limits.form, RawBody(self.gateway.folder))
        elif not large.is_awaited:
            await self._with_large_body(large)
        else:
            await self._with_awaited_answer(large)

    async def _with_awaited_answer(self, large: admission.LargeBody) -> None:
        try:
            with self.gateway.waiting_room.seat():
                await self._with_large_body(large)
        except errors.ServerBusy as refusal:
            await self._refuse(refusal)

    async def _with_large_body(self, large: admission.LargeBody) -> None:
        asked = admission.Admission()
        answer = await self.gateway.run(self._without_body({admission.META_KEY: asked}))
        if not asked.is_granted:
            await self._turn_away(answer)
            return
        self.environ[admission.META_KEY] = asked
        if large.is_awaited:
            self.environ[waiting.META_KEY] = waiting.Waiting()
        rule, sink = self.gateway.limits.form, large.sink_of(self.environ)
        if sink is not None:
            rule = replace(self.gateway.limits.upload, max_bytes=large.max_bytes)
        await self._receive_and_run(rule, sink or RawBody(self.gateway.folder))

    async def _receive_and_run(self, rule: BodyRule, sink: Sink) -> None:
        body = self.gateway.receiver(rule, sink)
        send = self._answer
        try:
            try:
                rule.check_size(self.announced_bytes)
                await body.receive(self.receive)
            except StopReceiving:
                send = self._turn_away
            self.environ["CONTENT_LENGTH"] = str(body.size)
            sink.hand_over(self.environ)
            answer = await self.gateway.run(self.environ, is_new=False)
        except DemeterError as refusal:
            await body.discard()
            await self._refuse(refusal)
            return
        finally:
            await body.discard()
        await send(await self._awaited(answer))

    async def _awaited(self, answer: wsgi.Answer) -> wsgi.Answer:
        """The answer, or the one that the view makes once what it waits for is ready."""
        wanted: waiting.Waiting | None = self.environ.get(waiting.META_KEY)
        if wanted is None or not wanted.is_needed:
            return answer
        answer.close()
        await self.gateway.waiting_room.wait(wanted)
        request_id = dict(answer.headers).get(b"x-request-id", b"").decode()  # the log tells one request
        again = self._without_body({"HTTP_X_REQUEST_ID": request_id})
        return await self.gateway.run(again, is_new=False)

    def _large_body(self) -> admission.LargeBody | None:
        try:
            view = resolve(get_path_info(self.environ)).func
        except Resolver404:
            return None
        return admission.large_body_of(view, self.method)

    def _without_body(self, more: Mapping[str, Any]) -> wsgi.Environ:
        return {**self.environ, "CONTENT_LENGTH": "0", "wsgi.input": BytesIO(), **more}

    async def _refuse(self, refusal: DemeterError) -> None:
        answer = await self.gateway.run(self._without_body({REFUSAL_KEY: refusal}), is_new=False)
        is_sending = not isinstance(refusal, errors.RequestTooSlow | errors.RequestIncomplete)
        await self._turn_away(answer, lingers=is_sending)

    async def _turn_away(self, answer: wsgi.Answer, *, lingers: bool = True) -> None:
        """Answer without having received the body, and end the connection: what follows on it is that body.

        The last byte is held back until the client has stopped sending, for then the server closes.
        """
        content = answer.content or b"\n"
        answer.content = content
        answer.headers = [*_without(b"content-length", answer.headers), (b"connection", b"close")]
        try:
            await self.send(self._start_of(answer))
            if lingers and not self.waits_for_go:  # such a client sends nothing before it is told to
                await self.send(_part(content[:-1], more=True))
                await self._linger()
                content = content[-1:]
            await self.send(_part(content, more=False))
        finally:
            answer.close()

    async def _linger(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while True:
                    async with asyncio.timeout(_LINGER_SILENCE_S):
                        message = await self.receive()
                    if message["type"] != "http.request" or not message.get("more_body", False):
                        return

    def _start_of(self, answer: wsgi.Answer) -> Mapping[str, Any]:
        headers = answer.headers
        is_measured = any(name == b"content-length" for name, _value in headers)
        if answer.file is None and not is_measured and answer.status not in _WITHOUT_CONTENT:
            headers = [*headers, (b"content-length", str(len(answer.content)).encode())]
        return {"type": "http.response.start", "status": answer.status, "headers": headers}

    async def _answer(self, answer: wsgi.Answer) -> None:
        try:
            await self.send(self._start_of(answer))
            if answer.file is None or self.method == "HEAD":
                await self.send(_part(answer.content if self.method != "HEAD" else b"", more=False))
                return
            while piece := await self.gateway.on_disk(answer.file.read, _PIECE_BYTES):
                async with asyncio.timeout(self.gateway.limits.answer_stall_s):
                    await self.send(_part(piece, more=True))
            await self.send(_part(b"", more=False))
        except TimeoutError:
            logger.info("An answer was given up: its client did not read on")
            raise
        finally:
            answer.close()


def _is_probe(environ: wsgi.Environ) -> bool:
    """Whether monitoring asks if this process lives; views that wait for something must not keep it waiting."""
    return bool(environ["PATH_INFO"].rstrip("/") == "/healthz")


def _without(name: bytes, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(given, value) for given, value in headers if given != name]


def _part(content: bytes, *, more: bool) -> Mapping[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}

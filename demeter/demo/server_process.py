"""The whole stack beside the demo, which does its client's work meanwhile."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.utils.translation import gettext as _

from demeter.demo.client import ApiClient
from demeter.errors import DemeterError
from demeter.stack import log_dir, run_stack
from demeter.supervisor import ProcessEvent

READY_WITHIN_S = 300.0  # a cold or busy machine imports torch for the first time


class NotServing(DemeterError):
    """The stack has ended, or was not ready within READY_WITHIN_S."""

    code, status = "not_serving", 503


class Serving:
    """Runs the stack in a thread until the block ends; then every process that it started is gone."""

    def __init__(self, *, host: str, port: int, on_event: Callable[[ProcessEvent], None]) -> None:
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(host, port, on_event), name="stack")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def check(self) -> None:
        """Raises NotServing if the stack has ended by itself."""
        if not self._thread.is_alive():
            raise NotServing(_("The server stopped: %(reason)s") % {"reason": self._error}) from self._error

    def wait_until_ready(self, client: ApiClient) -> None:
        """Raises NotServing if the server or a worker is not there in time."""
        until = time.monotonic() + READY_WITHIN_S
        while not client.is_ready():
            self.check()
            if time.monotonic() > until:
                raise NotServing(
                    _("The server does not get ready; look into %(logs)s.") % {"logs": log_dir()}
                )
            time.sleep(0.5)

    def _run(self, host: str, port: int, on_event: Callable[[ProcessEvent], None]) -> None:
        try:
            run_stack(host=host, port=port, on_event=on_event, is_stopping=self._stopping.is_set)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asks
            self._error = error

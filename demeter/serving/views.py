"""API views that take large bodies."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from demeter.serving.admission import LargeBody, admission_of, is_admitted, is_asked


class _Admitted(Exception):
    """All checks before the body are passed."""


class TakesLargeBody(APIView):
    """An API view whose requests of one method have large bodies. Throttles count these once, before the body."""

    large_body: LargeBody

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.check_headers(request)
        if is_asked(request):
            raise _Admitted

    def check_headers(self, request: Request) -> None:
        """Refuse, by its address and headers, a request whose body would be received in vain."""

    def check_throttles(self, request: Request) -> None:
        if not is_admitted(request):
            super().check_throttles(request)

    def handle_exception(self, exc: Exception) -> Response:
        admission = admission_of(self.request)
        if isinstance(exc, _Admitted) and admission is not None:
            admission.grant(self.request.auth)
            return Response()
        return super().handle_exception(exc)

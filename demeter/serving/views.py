"""API views that take large bodies."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from demeter.serving.admission import LargeBody, admission_of, is_admitted, is_asked


class _Admitted(Exception):
    """All checks before the body are passed."""


class TakesLargeBody(APIView):
    """An API view whose POST requests have large bodies. Throttles count a request once, before its body."""

    large_body: LargeBody

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if is_asked(request):
            raise _Admitted

    def check_throttles(self, request: Request) -> None:
        if not is_admitted(request):
            super().check_throttles(request)

    def handle_exception(self, exc: Exception) -> Response:
        admission = admission_of(self.request)
        if isinstance(exc, _Admitted) and admission is not None:
            admission.grant(self.request.auth)
            return Response()
        return super().handle_exception(exc)

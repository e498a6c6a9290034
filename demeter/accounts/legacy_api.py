"""Sign-in and registration at the root, as existing clients call them.

The same services as under /api/v1/, with errors as {"detail": "…"} and always in English. Only bearer tokens count,
never the session cookie, so these paths need no CSRF token.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from demeter.accounts.authentication import BearerAuthentication
from demeter.accounts.serializers import TokenPairSerializer, UserSerializer
from demeter.accounts.views import SignIn, Users
from demeter.api_errors import error_response


class PlainErrorSerializer(serializers.Serializer[Any]):
    """The error form of the paths at the root."""

    detail = serializers.CharField()


def plain_error_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The same refusal as under /api/v1/, with its sentence alone."""
    response = error_response(error, context)
    if response is not None:
        response.data = {"detail": response.data["error"]}
    return response


class LegacyAPIView(APIView):
    """A view whose clients know one form of error and one language."""

    authentication_classes = [BearerAuthentication]
    error_serializer = PlainErrorSerializer  # for the description

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override("en"):
            return super().dispatch(request, *args, **kwargs)

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response | None]:
        return plain_error_response


_PLAIN = dict.fromkeys((400, 401, 403, 429), PlainErrorSerializer)


@extend_schema_view(
    post=extend_schema(operation_id="login", responses={200: TokenPairSerializer, **_PLAIN}, auth=[])
)
class RootSignIn(LegacyAPIView, SignIn):
    """Sign-in at `POST /login`, the form that existing clients use."""

    authentication_classes = []


@extend_schema_view(
    get=extend_schema(
        operation_id="user_list", responses={200: UserSerializer(many=True), 401: PlainErrorSerializer}
    ),
    post=extend_schema(operation_id="user_create", responses={201: UserSerializer, **_PLAIN}, auth=[]),
)
class RootUsers(LegacyAPIView, Users):
    """GET and POST /user/: the list is a plain one, as these clients expect."""

    pagination_class = None
    filter_backends = []

"""Signing in and out, and the accounts, under /api/v1/."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from demeter.accounts import serializers, services, tokens
from demeter.accounts.addresses import address_of
from demeter.accounts.choices import Role
from demeter.accounts.failure_budget import failure_budget
from demeter.accounts.filters import UserFilter
from demeter.accounts.models import User
from demeter.accounts.permissions import IsSignedIn
from demeter.api_errors import errors
from demeter.throttling import SharedRate


class RegistrationThrottle(SharedRate):
    """New accounts an address may make; signing in is bounded by its failures alone."""

    scope = "registration"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if request.method != "POST":
            return None
        return self.cache_format % {"scope": self.scope, "ident": address_of(request)}


class SignIn(APIView):
    """Exchange e-mail and password for tokens."""

    authentication_classes = []  # an old token must not stand in the way
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_login",
        request=serializers.SignInSerializer,
        responses={200: serializers.TokenPairSerializer, **errors(400, 401, 429)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = serializers.SignInSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with failure_budget(request):
            pair = services.sign_in(
                email=given.validated_data["username"],
                password=given.validated_data["password"],
                address=address_of(request),
            )
        return Response(asdict(pair))


class Refresh(APIView):
    """Exchange a refresh token for a new pair. Each is good once: a second use ends the sign-in for all who hold it."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_refresh",
        request=serializers.RefreshTokenSerializer,
        responses={200: serializers.TokenPairSerializer, **errors(400, 401)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = serializers.RefreshTokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(asdict(tokens.refresh_tokens(**given.validated_data)))


class SignOut(APIView):
    """End the sign-in: its refresh token and its access tokens are worthless from now on.

    The refresh token is proof enough, so that a client whose access token has expired can still sign out.
    """

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="auth_logout",
        request=serializers.RefreshTokenSerializer,
        responses={204: None, **errors(400)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = serializers.RefreshTokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        tokens.sign_out(**given.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Me(APIView):
    """The caller's own account."""

    permission_classes = [IsSignedIn]

    @extend_schema(operation_id="auth_me", responses={200: serializers.MeSerializer})
    def get(self, request: Request) -> Response:
        return Response(serializers.MeSerializer(cast(User, request.user)).data)


class ChangePassword(APIView):
    """Set a new password. All other sign-ins of the account end; the answer holds tokens for this one."""

    permission_classes = [IsSignedIn]

    @extend_schema(
        operation_id="auth_change_password",
        request=serializers.ChangePasswordSerializer,
        responses={200: serializers.TokenPairSerializer, **errors(400, 429)},
    )
    def post(self, request: Request) -> Response:
        given = serializers.ChangePasswordSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with failure_budget(request):
            pair = services.change_password(
                user=cast(User, request.user), address=address_of(request), **given.validated_data
            )
        return Response(asdict(pair))


class Users(ListAPIView[User]):
    """GET: all accounts for administrators, the caller alone for others. POST: make a viewer's account."""

    serializer_class = serializers.UserSerializer
    permission_classes = [IsSignedIn]
    throttle_classes = [RegistrationThrottle]
    filterset_class = UserFilter

    def get_authenticators(self) -> list[BaseAuthentication]:
        """None for registration: a token that the client still sends is ignored, even an expired one."""
        request = getattr(self, "request", None)  # none while the description is made
        if request is not None and request.method == "POST":
            return []
        return super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def get_queryset(self) -> QuerySet[User]:
        if getattr(self, "swagger_fake_view", False):  # the description is made without a user
            return User.objects.none()
        user = cast(User, self.request.user)
        users = User.objects.filter(is_system=False)
        return users if user.has_role(Role.ADMIN) else users.filter(pk=user.pk)

    @extend_schema(operation_id="users_list", responses={200: serializers.UserSerializer(many=True)})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="users_create",
        request=serializers.RegistrationSerializer,
        responses={201: serializers.UserSerializer, **errors(400, 403)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = serializers.RegistrationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = services.register(**given.validated_data)
        return Response(serializers.UserSerializer(user).data, status=status.HTTP_201_CREATED)

"""The shapes of requests and answers about accounts."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from demeter.accounts.models import User
from demeter.api_examples import answer_example

_USER = {"id": 12, "name": "Ana Pereyra", "email": "ana@nursery.example"}


class SignInSerializer(serializers.Serializer[Any]):
    """OAuth2's password form: `username` is the e-mail. The other fields are taken and ignored."""

    username = serializers.CharField(max_length=254, help_text="The e-mail.")
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    grant_type = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    scope = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    client_id = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    client_secret = serializers.CharField(required=False, allow_blank=True, allow_null=True)


@answer_example(
    {"access_token": "eyJhbGciOi…", "refresh_token": "eyJhbGciOi…", "token_type": "bearer", "expires_in": 900}
)
class TokenPairSerializer(serializers.Serializer[Any]):
    """What a sign-in or a refresh answers: a short-lived access token and the token to renew it with."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.ChoiceField(["bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds that the access token is good.")


class RefreshTokenSerializer(serializers.Serializer[Any]):
    """The refresh token that is exchanged or revoked."""

    refresh_token = serializers.CharField(max_length=4000)


class ChangePasswordSerializer(serializers.Serializer[Any]):
    """The password that is replaced and the new one, both as typed: spaces count."""

    current_password = serializers.CharField(max_length=128, trim_whitespace=False)
    new_password = serializers.CharField(max_length=128, trim_whitespace=False)


class RegistrationSerializer(serializers.Serializer[Any]):
    """What a person gives to open an account; unknown fields are ignored."""

    name = serializers.CharField(min_length=2, max_length=50)
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        max_length=128,
        trim_whitespace=False,
        help_text=f"At least {settings.PASSWORD_MIN_LENGTH} characters, and not a common one.",
    )


@answer_example(_USER)
class UserSerializer(serializers.ModelSerializer[User]):
    """A user as the API lists and creates it: no role, no password hash."""

    class Meta:
        model = User
        fields = ("id", "name", "email")


@answer_example({**_USER, "role": "worker", "is_approved": True})
class MeSerializer(serializers.ModelSerializer[User]):
    """The caller himself, and what he may."""

    class Meta:
        model = User
        fields = ("id", "name", "email", "role", "is_approved")

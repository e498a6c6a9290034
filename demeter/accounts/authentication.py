"""Bearer tokens in the Authorization header, the scheme in any case."""

from rest_framework_simplejwt.authentication import JWTAuthentication


class BearerAuthentication(JWTAuthentication):
    """`Authorization: Bearer …` (RFC 9110 makes the scheme case-insensitive; the library does not)."""

    def get_raw_token(self, header: bytes) -> bytes | None:
        scheme, _, token = header.strip().partition(b" ")
        return token.strip() or None if scheme.lower() == b"bearer" else None

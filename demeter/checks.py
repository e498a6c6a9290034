"""Whether the environment that this installation was given fits together; asked by every `manage.py` command.

An error refuses to start, a warning is written at each start.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's name
from django.core.checks.security.base import check_secret_key
from django.utils.translation import gettext as _

_LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", "0.0.0.0", "testserver"})  # noqa: S104
# What says where pictures are kept, and means nothing unless a bucket is named.
S3_VARIABLES: Final = (
    "S3_BUCKET",
    "S3_BUCKET_STAGING",
    "S3_ENDPOINT_URL",
    "S3_PUBLIC_ENDPOINT_URL",
    "S3_SSE",
)
# Of MinIO's image, and known to everyone.
_MINIO_DEFAULT: Final = "minioadmin"


@register(Tags.security)
def check_environment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """All that is wrong with the environment."""
    asked: tuple[Callable[[], Iterable[CheckMessage]], ...] = (
        _profile,
        _production,
        _store,
        _pool,
        _transport,
    )
    return [message for ask in asked for message in ask()]


def _profile() -> Iterable[CheckMessage]:
    """Production's settings cannot be left off in silence."""
    if settings.PRODUCTION:
        return
    hint = _(
        "Set DEMETER_PRODUCTION=true. To try an installation out without production's settings, say so: "
        "DEMETER_PRODUCTION=false."
    )
    if hosts := [host for host in settings.ALLOWED_HOSTS if host.strip().lower() not in _LOCAL_HOSTS]:
        text = _(
            "DJANGO_ALLOWED_HOSTS names %(hosts)s: others reach this site, without production's settings."
        ) % {"hosts": ", ".join(hosts)}
        is_said = "DEMETER_PRODUCTION" in os.environ
        yield (
            Warning(text, hint=hint, id="demeter.W001")
            if is_said
            else Error(text, hint=hint, id="demeter.E001")
        )
    if servers := list(_servers()):
        text = _("%(variables)s name servers as in production, but production's settings are off.") % {
            "variables": ", ".join(servers)
        }
        yield Warning(text, hint=hint, id="demeter.W002")


def _servers() -> Iterable[str]:
    if settings.DATABASES["default"]["ENGINE"] != "demeter.sqlite":
        is_in_parts = os.environ.get("DATABASE_HOST") and not os.environ.get("DATABASE_URL")
        yield "DATABASE_HOST" if is_in_parts else "DATABASE_URL"
    if not settings.CELERY_BROKER_URL.startswith("filesystem"):
        yield "CELERY_BROKER_URL"
    if settings.S3_BUCKET:
        yield "S3_BUCKET"


def _production() -> Iterable[CheckMessage]:
    if not settings.PRODUCTION:
        return
    if settings.DEBUG:
        yield Error(
            _("DJANGO_DEBUG=true shows settings and code to whoever causes an error."),
            hint=_("Take DJANGO_DEBUG out, or set it to false."),
            id="demeter.E002",
        )
    credentials = {os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")}
    if settings.S3_BUCKET and _MINIO_DEFAULT in credentials:
        yield Error(
            _("The store is opened with the credentials that MinIO has by default."),
            hint=_("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to values of your own."),
            id="demeter.E003",
        )
    if settings.LOAD_DEMO:
        yield Warning(
            _("DEMETER_LOAD_DEMO=true makes accounts whose passwords everyone knows."),
            hint=_("Set it to false, and switch the accounts @example.com off in the administration."),
            id="demeter.W003",
        )
    yield from check_secret_key(None)  # Django's own, which only `check --deploy` asks


def _store() -> Iterable[CheckMessage]:
    """Variables that would be ignored: pictures would be kept elsewhere than the environment seems to say."""
    if settings.S3_BUCKET or settings.S3_BUCKET_STAGING:
        return
    if ignored := [name for name in S3_VARIABLES if os.environ.get(name)]:
        text = _(
            "Without a bucket these would be ignored, and pictures be kept in local folders: %(variables)s"
        )
        yield Error(
            text % {"variables": ", ".join(ignored)},
            hint=_("Set S3_BUCKET, or take these variables out."),
            id="demeter.E004",
        )


def _pool() -> Iterable[CheckMessage]:
    """Greenlets share one thread, and SQLite waits for the disk without letting another go on."""
    if settings.IO_WORKER_POOL == "gevent" and settings.DATABASES["default"]["ENGINE"] == "demeter.sqlite":
        yield Error(
            _(
                "IO_WORKER_POOL=gevent needs PostgreSQL: with SQLite each statement would hold up all its tasks."
            ),
            hint=_("Set DATABASE_URL, or IO_WORKER_POOL=threads."),
            id="demeter.E005",
        )


def _transport() -> Iterable[CheckMessage]:
    """Whether passwords travel encrypted, and whether the number of trusted proxies fits."""
    if settings.SECURE_SSL_REDIRECT:
        if not settings.REST_FRAMEWORK["NUM_PROXIES"]:
            yield Warning(
                _(
                    "DJANGO_SSL_REDIRECT=true needs a proxy in front, but TRUSTED_PROXIES=0: all clients count as "
                    "one address, for throttles and for the sign-in lock-out."
                ),
                hint=_("Set TRUSTED_PROXIES to the number of proxies, usually 1."),
                id="demeter.W004",
            )
    elif settings.PRODUCTION:
        yield Warning(
            _("DJANGO_SSL_REDIRECT=false: passwords and tokens may travel unencrypted."),
            hint=_("Put a proxy with a certificate in front (docs/production.md), then set it to true."),
            id="demeter.W005",
        )

"""The four roles, lowest first, and why the tokens of a sign-in ended."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a user may do. Each role includes those before it."""

    VIEWER = "viewer", _("Viewer")
    WORKER = "worker", _("Worker")
    SUPERVISOR = "supervisor", _("Supervisor")
    ADMIN = "admin", _("Administrator")

    @property
    def rank(self) -> int:
        """0 for a viewer, 3 for an administrator: a higher role may all that a lower one may."""
        return list(type(self)).index(self)


class EndReason(models.TextChoices):
    """Why the tokens of a sign-in are worthless before their time."""

    SIGNED_OUT = "signed_out", _("Signed out")
    REUSED = "reused", _("A refresh token was used twice")
    REVOKED = "revoked", _("Signed out everywhere")

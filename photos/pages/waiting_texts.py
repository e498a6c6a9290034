"""Whom a photo waits for, in the words of badges and filters."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from photos.models import Image
from photos.pages.permissions import can_review


def waiting_text(user: User, image: Image | None = None) -> Promise:
    """For the reader, if he may decide about this photo, or, where none is named, about those that he sees."""
    is_theirs = user.has_role(Role.WORKER) if image is None else can_review(user, image)
    return _("Waits for you") if is_theirs else _("Waits for a person")

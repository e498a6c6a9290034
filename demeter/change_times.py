"""When a row was last changed, whichever way it is written."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ChangeTimedUpdates:
    """Part of a QuerySet: `updated_at` follows writes in bulk too, of which `auto_now` knows nothing."""

    def update(self, **values: Any) -> int:
        updated: int = super().update(**{"updated_at": timezone.now(), **values})  # type: ignore[misc]  # QuerySet's
        return updated


class ChangeTimed(models.Model):
    """A row with `updated_at`, which a save of some fields writes too. Its QuerySet has ChangeTimedUpdates."""

    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if update_fields:  # an empty list saves nothing, None everything
            update_fields = {*update_fields, "updated_at"}
        super().save(*args, update_fields=update_fields, **kwargs)

"""How the codes that people write on signs and labels are spelt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.validators import RegexValidator
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class CodeFormat:
    r"""One spelling, checked twice: by the form field and by the database.

    The pattern must mean the same to Python, SQLite (which asks Python) and PostgreSQL, hence ``\Z`` and no
    ``$``, which Python also matches before a final line break.
    """

    pattern: str
    message: StrPromise

    def validator(self) -> RegexValidator:
        """The check of one form or API field."""
        return RegexValidator(self.pattern, self.message)

    def constraint(self, table: str, field: str = "code") -> CheckConstraint:
        """The same check as a database constraint, ``<table>_<field>_format``."""
        return CheckConstraint(
            condition=Q(**{f"{field}__regex": self.pattern}),
            name=f"{table}_{field}_format",
            violation_error_message=self.message,
        )


WAREHOUSE = CodeFormat(
    r"^[A-Z0-9_-]{2,20}\Z", _("Use 2 to 20 capital letters, digits, hyphens or underscores.")
)
AREA = CodeFormat(
    r"^(?=.{2,50}\Z)[A-Z0-9_]+(-[A-Z0-9_]+)+\Z",
    _("Use capital letters and digits with a hyphen between warehouse and area, like N1-NORTH."),
)
LOCATION = CodeFormat(
    r"^(?=.{2,50}\Z)[A-Z0-9_]+(-[A-Z0-9_]+){2,}\Z",
    _("Use three parts with hyphens between them: warehouse, area and location, like N1-NORTH-03."),
)
BIN = CodeFormat(
    r"^(?=.{2,100}\Z)[A-Z0-9_]+(-[A-Z0-9_]+){3,}\Z",
    _("Use four parts with hyphens between them: warehouse, area, location, bin, like N1-NORTH-03-BOX_01."),
)
QR = CodeFormat(r"^[A-Z0-9_-]{8,20}\Z", _("Use 8 to 20 capital letters, digits, hyphens or underscores."))
CATALOGUE = CodeFormat(r"^[A-Z0-9_]{3,50}\Z", _("Use 3 to 50 capital letters, digits or underscores."))
SIZE = CodeFormat(r"^[A-Z0-9_]{1,20}\Z", _("Use 1 to 20 capital letters, digits or underscores."))
PACKAGING_PART = CodeFormat(
    r"^[A-Z0-9_-]{3,50}\Z", _("Use 3 to 50 capital letters, digits, hyphens or underscores.")
)
PRODUCT_SKU = CodeFormat(r"^[A-Z0-9-]{6,20}\Z", _("Use 6 to 20 capital letters, digits or hyphens."))
PACKAGING_SKU = CodeFormat(r"^[A-Z0-9-]{6,50}\Z", _("Use 6 to 50 capital letters, digits or hyphens."))
BATCH = CodeFormat(r"^[A-Z0-9-]{6,50}\Z", _("Use 6 to 50 capital letters, digits or hyphens."))
HEX_COLOUR = CodeFormat(r"^#[0-9A-F]{6}\Z", _("Use a colour like #A0522D, with capital letters."))

"""The people who work with DemeterAI, the system users that book for its models, and the sign-ins of API clients."""

import unicodedata
from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.password_validation import validate_password
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from demeter.accounts.choices import EndReason, Role

ML_USER_EMAIL = "ml@demeter.invalid"


class UserManager(BaseUserManager["User"]):
    """Makes users; e-mails are kept and compared in one form."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """An e-mail as it is kept: lower case, Unicode's NFKC. Signing in, locks and registration compare this form."""
        # Twice: lower case may leave what NFKC would join.
        return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", (email or "").strip()).lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user, whatever the password: people's own are checked by services, forms and create_superuser."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an administrator, as `manage.py createsuperuser` does. Raises ValidationError for a weak password.

        The command's own check can be answered with "create anyway", and --noinput has none.
        """
        fields = {"role": Role.ADMIN, "is_approved": True, **fields}
        if password is not None:
            validate_password(password, self.model(email=self.normalize_email(email), **fields))
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))

    def names_with(self, role: Role) -> list[str]:
        """The names of the people who have this very role and can sign in, in the order of the alphabet."""
        people = self.filter(role=role, is_active=True, is_system=False)
        return list(people.order_by("name").values_list("name", flat=True))

    def ml(self) -> "User":
        """The seeded system user who books what the models counted. It cannot sign in."""
        return self.get(email=ML_USER_EMAIL)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address, or a system user who never signs in.

    Example: Rosa, worker, uploads the photos of nave 3.
    """

    email = models.EmailField(_("e-mail"), unique=True, max_length=254)
    name = models.CharField(_("name"), max_length=50, validators=[MinLengthValidator(2)])
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.VIEWER)
    is_approved = models.BooleanField(
        _("approved"),
        default=False,
        help_text=_(
            "Off for a viewer who registered alone: only the account, the classifier and the catalogue."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Switch off instead of deleting."))
    is_system = models.BooleanField(_("system user"), default=False, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        db_table = "users"
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering: ClassVar[list[str]] = ["email"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="users_email_lower_case",
                violation_error_message=_("An e-mail address is kept in lower case."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values),
                name="users_role_known",
                violation_error_message=_("This role does not exist."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        super().clean()
        self.email = User.objects.normalize_email(self.email)

    @property
    def is_staff(self) -> bool:
        """Whether the administration opens: for supervisors and above. Workers have the pages."""
        return self.has_role(Role.SUPERVISOR)

    def has_role(self, role: Role) -> bool:
        """Whether this user may do what `role` may. System and closed accounts may nothing."""
        if not self.is_active or self.is_system:
            return False
        return Role(self.role).rank >= role.rank

    @property
    def can_read(self) -> bool:
        """Whether stock and photos are open to this user (contract: a self-registered viewer waits)."""
        return self.has_role(Role.WORKER) or (self.is_approved and self.has_role(Role.VIEWER))


class TokenFamily(models.Model):
    """One sign-in of an API client: refresh tokens that follow one another, and the access tokens made with them.

    Every token names its family. `refresh_jti` is the only refresh token of it that is still good; all tokens of a
    family die when it ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="token_families", verbose_name=_("user"))
    refresh_jti = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("reason"), max_length=20, choices=EndReason, blank=True)

    class Meta:
        db_table = "token_families"
        verbose_name = _("sign-in of a client")
        verbose_name_plural = _("sign-ins of clients")

    def __str__(self) -> str:
        return str(self.pk)

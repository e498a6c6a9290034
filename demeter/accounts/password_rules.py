"""Password rules beyond Django's own."""

from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from demeter.accounts.models import User


class PersonalDataValidator(UserAttributeSimilarityValidator):
    """Refuses a password that contains the account's e-mail, or is much like it or like the person's name.

    Django's own looks at the likeness alone: a long password that contains the whole e-mail passes it.
    """

    def __init__(self) -> None:
        super().__init__(user_attributes=("email", "name"))

    def validate(self, password: str, user: User | None = None) -> None:
        email = getattr(user, "email", "")
        if email and email in User.objects.normalize_email(password):
            raise ValidationError(_("The password contains the e-mail address."), code="password_too_similar")
        super().validate(password, user)

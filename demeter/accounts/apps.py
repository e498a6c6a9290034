"""Django's configuration of the app `accounts`."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Users and sign-in. Its label is `accounts`: migrations and permissions know it by that name."""

    name = "demeter.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        import_module("demeter.accounts.schema")  # registers itself with the API's description

"""Accounts in the administration: made, given a role, let in, switched off. Never deleted, never a password shown."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from demeter.accounts.choices import Role
from demeter.accounts.models import TokenFamily, User
from demeter.accounts.tokens import revoke_tokens
from demeter.admin_base import ModelAdmin, ReadOnlyAdmin


class NewUserForm(UserCreationForm):
    """An account that an administrator makes, with its first password."""

    class Meta:
        model = User
        fields = ("email", "name", "role", "is_approved")


class UserForm(forms.ModelForm):
    """Everything about an account but its password."""

    class Meta:
        model = User
        fields = ("email", "name", "role", "is_approved", "is_active")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        stays = given.get("role") == Role.ADMIN and given.get("is_active")
        admins = User.objects.filter(role=Role.ADMIN, is_active=True, is_system=False)
        if (
            not stays
            and admins.filter(pk=self.instance.pk).exists()
            and not admins.exclude(pk=self.instance.pk).exists()
        ):
            raise forms.ValidationError(
                _("This is the last administrator. Make another one first."), code="last_administrator"
            )
        return given


class NewPasswordForm(AdminPasswordChangeForm):
    """A new password for somebody else; it also signs that person out everywhere."""

    def save(self, commit: bool = True) -> AbstractBaseUser:
        user = super().save(commit)
        revoke_tokens(user)
        return user


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    """People by e-mail and role. The system users that book for the models are shown and cannot be touched."""

    form = UserForm
    add_form = NewUserForm
    change_password_form = NewPasswordForm
    list_display = ["email", "name", "shown_role", "is_approved", "is_active", "last_login"]
    list_filter = ["role", "is_approved", "is_active", "is_system"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    filter_horizontal = []
    readonly_fields = ["password_link", "last_login", "created_at"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password_link"]}),
        (_("What this person may do"), {"fields": ["role", "is_approved", "is_active"]}),
        (_("Times"), {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "role", "is_approved", "password1", "password2"]})]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_system)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # what a person did stays his: accounts are switched off

    @display(
        description=_("role"),
        ordering="role",
        label={
            Role.VIEWER: "default",
            Role.WORKER: "info",
            Role.SUPERVISOR: "warning",
            Role.ADMIN: "success",
        },
    )
    def shown_role(self, user: User) -> tuple[str, str]:
        return user.role, user.get_role_display()

    @display(description=_("password"))
    def password_link(self, user: User) -> SafeString:
        link = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html(
            '<a class="text-primary-600 underline" href="{}">{}</a>', link, _("Set a new password")
        )


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyAdmin):
    """Which API clients are signed in, as whom, and why others no longer are."""

    explanation = _(
        "Every sign-in of a phone or a program by the API. A new password ends those of its person; a refresh token "
        "that is used twice ends its sign-in, because somebody else may have it."
    )
    list_display = ["user", "shown_state", "created_at", "expires_at", "ended_at", "end_reason"]
    list_filter = ["end_reason"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__name"]
    ordering = ["-created_at"]
    exclude = ["refresh_jti"]

    @display(description=_("state"), label={"open": "success", "expired": "default", "ended": "danger"})
    def shown_state(self, family: TokenFamily) -> tuple[str, Promise]:
        if family.ended_at is not None:
            return "ended", pgettext_lazy("sign-in", "ended")
        return (
            ("open", _("signed in"))
            if family.expires_at > timezone.now()
            else ("expired", pgettext_lazy("sign-in", "expired"))
        )

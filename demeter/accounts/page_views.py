"""The sign-in page and that of one's own account. Signing out is Django's own view, which takes only POST."""

from contextlib import nullcontext
from typing import Any, Final, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from demeter.accounts.addresses import address_of
from demeter.accounts.errors import WeakPassword, WrongPassword
from demeter.accounts.failure_budget import failure_budget
from demeter.accounts.lockout import device_of, remember_device
from demeter.accounts.models import User
from demeter.accounts.services import change_password, verify_password
from demeter.errors import DemeterError

_FIELDS: Final = {WrongPassword.code: "current_password", WeakPassword.code: "new_password"}


class SignInForm(AuthenticationForm):
    """E-mail and password, checked by the same service as the API, so that failures are counted together."""

    username = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"})
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        request = cast(HttpRequest, self.request)  # the view gives it
        if given.get("username") and given.get("password"):
            device = device_of(request, given["username"])
            try:
                # A browser that is known has a count of its own, and whoever shares its address spends nothing of it.
                with nullcontext() if device else failure_budget(request):
                    self.user_cache = verify_password(
                        email=given["username"],
                        password=given["password"],
                        address=address_of(request),
                        device=device,
                    )
            except DemeterError as refusal:
                raise ValidationError(str(refusal), code=refusal.code) from refusal
        return given


@method_decorator(login_not_required, name="dispatch")
class SignInView(LoginView):
    """Sign in with e-mail and password, and go on to the page that was asked for."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Whoever is signed in needs no form. Who sends it all the same, from a page of before, may be another person.
        self.redirect_authenticated_user = request.method != "POST"
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        remember_device(response, form.get_user())
        return response


class PasswordForm(forms.Form):
    """The current password, and a new one twice against a slip."""

    current_password = forms.CharField(
        label=_("Current password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password = forms.CharField(
        label=_("New password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    new_password_again = forms.CharField(
        label=_("New password once more"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        new, again = given.get("new_password"), given.get("new_password_again")
        if new and again and new != again:
            self.add_error("new_password_again", gettext("The two new passwords differ."))
        return given


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and a new password: for people of every role, most of whom have no administration."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _is_changed(request, form):
        messages.success(request, gettext("Your password is changed. Other devices have to sign in again."))
        return redirect("account")
    return render(request, "accounts/account.html", {"form": form})


def _is_changed(request: HttpRequest, form: PasswordForm) -> bool:
    """Change the password as the form says, or tell in the form why not. This browser stays signed in."""
    user = cast(User, request.user)
    try:
        with failure_budget(request):
            change_password(
                user=user,
                current_password=form.cleaned_data["current_password"],
                new_password=form.cleaned_data["new_password"],
                address=address_of(request),
            )
    except DemeterError as refusal:
        form.add_error(_FIELDS.get(refusal.code), ValidationError(str(refusal), code=refusal.code))
        return False
    update_session_auth_hash(request, user)
    return True


@require_safe
@login_not_required
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The administration has no sign-in form of its own: one form, one count of failures.

    Signed in and still sent here means that the role is too low: 403, where a redirect would go round in circles.
    """
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(
        f"{reverse('sign-in')}?{urlencode({'next': request.GET.get('next') or reverse('admin:index')})}"
    )

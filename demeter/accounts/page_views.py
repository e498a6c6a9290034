"""The sign-in page. Signing out is Django's own view, which takes only POST."""

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from demeter.accounts.addresses import address_of
from demeter.accounts.lockout import device_of, remember_device
from demeter.accounts.services import verify_password
from demeter.errors import DemeterError


class SignInForm(AuthenticationForm):
    """E-mail and password, checked by the same service as the API, so that failures are counted together."""

    username = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"})
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        request = cast(HttpRequest, self.request)  # the view gives it
        if given.get("username") and given.get("password"):
            try:
                self.user_cache = verify_password(
                    email=given["username"],
                    password=given["password"],
                    address=address_of(request),
                    device=device_of(request, given["username"]),
                )
            except DemeterError as refusal:
                raise ValidationError(str(refusal), code=refusal.code) from refusal
        return given


class SignInView(LoginView):
    """Sign in with e-mail and password, and go on to the page that was asked for."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        remember_device(response, form.get_user())
        return response


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

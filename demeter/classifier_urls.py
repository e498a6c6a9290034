"""The addresses of a web server that serves the page of the classifier alone."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from demeter import health
from demeter.accounts.page_views import SignInView
from demeter.routers import OptionalSlashRouter
from mlpipeline.classifier.pages import classify
from photos.local_files import local_file

programs = OptionalSlashRouter()
programs.add("healthz", health.healthz, "healthz")

urlpatterns = [
    path("", classify, name="home"),  # where signing in leads
    path("", include("mlpipeline.classifier.urls")),
    path("language/", login_not_required(set_language), name="set_language"),
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("files/<slug:alias>/<path:token>", local_file, name="local-file"),
    *programs.urls,
]

handler400 = "demeter.api_errors.bad_request"
handler403 = "demeter.api_errors.permission_denied"
handler404 = "demeter.api_errors.not_found"
handler500 = "demeter.api_errors.server_error"

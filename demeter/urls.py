"""All addresses. The API lives under /api/v1/; four paths at the root are for older clients."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularSwaggerSplitView

from demeter import health
from demeter.accounts.legacy_api import RootSignIn, RootUsers
from demeter.accounts.page_views import SignInView, account, admin_sign_in
from demeter.metrics.views import metrics, version
from demeter.routers import OptionalSlashRouter
from demeter.serving.description import DescriptionView
from mlpipeline.classifier.api.legacy_api import RootFeedback, RootPredict
from photos.local_files import local_file

description = OptionalSlashRouter()
description.add("schema", DescriptionView.as_view(), "schema")
description.add(
    "docs",  # its script in a request of its own: a strict Content-Security-Policy allows none in the page
    SpectacularSwaggerSplitView.as_view(url_name="schema", permission_classes=[], authentication_classes=[]),
    "api-docs",
)

programs = OptionalSlashRouter()  # for monitoring
programs.add("healthz", health.healthz, "healthz")
programs.add("readyz", health.readyz, "readyz")
programs.add("metrics", metrics, "metrics")
programs.add("version", version, "version")

older_clients = OptionalSlashRouter()
older_clients.add("login", RootSignIn.as_view(), "root-login")
older_clients.add("user", RootUsers.as_view(), "root-users")
older_clients.add("model/predict", RootPredict.as_view(), "root-predict")
older_clients.add("feedback", RootFeedback.as_view(), "root-feedback")

api: list[URLPattern | URLResolver] = [
    path("", include("demeter.accounts.urls")),
    path("", include("photos.api.urls")),
    path("", include("inventory.api.urls")),
    path("", include("mlpipeline.classifier.api.urls")),
    path("", include("mlpipeline.labels.urls")),
    *description.urls,
]

urlpatterns = [
    path("admin/login/", admin_sign_in),  # before the administration's own form
    path("admin/", admin.site.urls),
    path("api/v1/", include(api)),
    path("language/", login_not_required(set_language), name="set_language"),
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    path("account/", account, name="account"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("files/<slug:alias>/<path:token>", local_file, name="local-file"),
    *programs.urls,
    *older_clients.urls,
    path("classify/", include("mlpipeline.classifier.urls")),
    path("places/", include("inventory.urls")),
    path("", include("photos.urls")),
]

handler400 = "demeter.api_errors.bad_request"
handler403 = "demeter.api_errors.permission_denied"
handler404 = "demeter.api_errors.not_found"
handler500 = "demeter.api_errors.server_error"

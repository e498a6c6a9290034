"""How the administration looks: the settings of django-unfold. No model is imported here, settings do so."""

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": "DemeterAI",
    "SITE_HEADER": "DemeterAI",
    "SITE_SUBHEADER": _("Administration"),
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("demeter/img/rosette.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("demeter/img/rosette.svg")}
    ],
    "STYLES": [lambda request: static("demeter/css/admin.css")],
    "SCRIPTS": [
        lambda request: static("demeter/js/admin_choices.js"),
        lambda request: static("photos/js/upload/admin_sign_out.js"),
    ],
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "demeter.admin_dashboard.dashboard",
    "COMMAND": {"search_callback": "demeter.admin_search.find_rows"},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "demeter.admin_navigation.navigation"},
    "COLORS": {  # the greens of the pages
        "primary": {
            "50": "#f3f8f2", "100": "#e4eee2", "200": "#c9dfc9", "300": "#9cc5a0", "400": "#6fab82",
            "500": "#46896a", "600": "#2c6b4c", "700": "#24583f", "800": "#1e4d37", "900": "#183c2c", "950": "#0e241b",
        }
    },
}  # fmt: skip

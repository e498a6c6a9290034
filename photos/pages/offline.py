"""What opens the upload page without a connection: a service worker, and the page that it shows then.

Both are the same for everybody and hold nothing of a person, so that a shared phone shows nobody another's page.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from photos.pages.forms import OfflineUploadForm
from photos.pages.upload_texts import upload_texts

# All that the upload page loads. tests/photos/pages/test_offline_page.py compares it with the page.
_MODULES = (
    "checks", "hash_worker", "hasher", "main", "place", "qr", "queue", "row", "store", "tus", "waiting",
)  # fmt: skip
ASSETS = (
    "demeter/css/base.css",
    "demeter/img/rosette.svg",
    "demeter/js/cookies.js",
    "demeter/js/numbers.js",
    "demeter/js/sign_in_again.js",
    "photos/css/photos.css",
    "photos/css/upload.css",
    *(f"photos/js/upload/{name}.js" for name in _MODULES),
)


@login_not_required
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script, with the addresses of all that it keeps. Browsers ask for it anew whenever the page is opened."""
    languages = [code for code, _name in settings.LANGUAGES]
    context = {
        "version": _version(),
        "page": reverse("upload"),
        "shells": json.dumps({code: reverse("upload-offline", args=[code]) for code in languages}),
        "assets": json.dumps([static(name) for name in ASSETS]),
    }
    response = render(request, "photos/service_worker.js", context, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@login_not_required
@require_safe
def offline_page(request: HttpRequest, language: str) -> HttpResponse:
    """The upload page as it opens without a connection, in one language."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    request.user = AnonymousUser()  # whoever asks: nothing of him gets into a cache
    with translation.override(language):
        response = render(request, "photos/upload.html", _context())
    response["Cache-Control"] = "no-cache"
    return response


def _context() -> dict[str, Any]:
    return {"upload_form": OfflineUploadForm(), "upload_texts": upload_texts(), "is_offline": True}


@lru_cache(maxsize=1)
def _version() -> str:
    """Of names and contents: any change of what is kept makes a new cache."""
    digest = hashlib.sha256()
    for name in ASSETS:
        path = finders.find(name)
        digest.update(static(name).encode())
        digest.update(Path(path).read_bytes() if isinstance(path, str) else b"")
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            digest.update(render_to_string("photos/upload.html", _context()).encode())
    return digest.hexdigest()[:16]

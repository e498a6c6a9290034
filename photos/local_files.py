"""Serving the files of local stores to whoever holds a signed link."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.core.signing import BadSignature
from django.http import FileResponse, Http404, HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from photos.local_storage import SignedFileSystemStorage, read_token
from photos.storage import content_type_of


@login_not_required  # the signature is the permission, as with the links of an S3 store
@require_safe
def local_file(request: HttpRequest, alias: str, token: str) -> FileResponse:
    """A file by its signed link: 403 if the link is altered or too old, 404 if the file is gone."""
    if alias not in settings.STORAGES or not isinstance(storages[alias], SignedFileSystemStorage):
        raise Http404
    try:
        name = read_token(alias, token)
    except BadSignature as error:
        raise PermissionDenied(_("This link is not good any more.")) from error
    try:
        file = storages[alias].open(name)
    except FileNotFoundError as error:
        raise Http404 from error
    content_type = content_type_of(name)
    # What is no picture is never shown in place.
    response = FileResponse(
        file, content_type=content_type, as_attachment=not content_type.startswith("image/")
    )
    response["Cache-Control"] = f"private, max-age={settings.SIGNED_LINK_S}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

"""The API's description as it is served: made once for each language and form, since only the code changes it.

Strangers may ask for it, and to make it takes a third of a second of the processor.
"""

from functools import cache

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class DescriptionView(SpectacularAPIView):
    """What this API offers, in OpenAPI 3: as YAML, or as JSON where the request prefers it."""

    permission_classes = ()
    authentication_classes = ()

    def _get_schema_response(self, request: Request) -> HttpResponse:
        """What `get` answers in the language that it has chosen."""
        renderer: BaseRenderer = request.accepted_renderer
        response = HttpResponse(_described(_language(), renderer.media_type))
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        response["Content-Type"] = f"{renderer.media_type}{charset}"
        # A version in the query names none: there is one, and a stranger's words would each be another description.
        response["Content-Disposition"] = f'inline; filename="{self._get_filename(request, None)}"'
        return response


def _language() -> str:
    """The language of this thread, or the one that stands in for it where it is none of ours."""
    try:
        return translation.get_supported_language_variant(translation.get_language() or "")
    except LookupError:
        return settings.LANGUAGE_CODE


@cache  # as many as languages and forms
def _described(language: str, media_type: str) -> str | bytes:
    [renderer] = [form for form in DescriptionView.renderer_classes if form.media_type == media_type]
    with translation.override(language):
        schema = SpectacularAPIView.generator_class().get_schema(request=None, public=True)
        return renderer().render(schema, media_type, {})

"""How the API finds its views. A slash at the end is optional: a redirect would lose the body of a POST."""

from collections.abc import Callable
from re import sub
from typing import Any, Final

from django.urls import URLPattern, re_path
from rest_framework.routers import Route, SimpleRouter

UUID_PATTERN: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class OptionalSlashRouter(SimpleRouter):
    """Takes viewsets, as any router does, and single views, as `path` does."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"  # the argument of SimpleRouter knows only yes and no
        self._views: list[URLPattern] = []

    def add(self, path: str, view: Callable[..., Any], name: str) -> None:
        """Route one view. `{image_id}` in the path stands for a UUID, which the view gets under that name."""
        pattern = sub(r"\{(\w+)\}", rf"(?P<\1>{UUID_PATTERN})", path)
        self._views.append(re_path(rf"^{pattern}/?$", view, name=name))

    def get_routes(self, viewset: Any) -> list[Route]:
        """Those of SimpleRouter; `detail_name` of a viewset names the route of one object, which is `detail` else."""
        named = getattr(viewset, "detail_name", "detail")
        return [
            route._replace(name=route.name.replace("-detail", f"-{named}"))
            for route in super().get_routes(viewset)
        ]

    def get_urls(self) -> list[Any]:
        return [*self._views, *super().get_urls()]

"""Pages of lists in the API."""

from typing import Any, cast

from django.core.paginator import Page
from rest_framework.pagination import PageNumberPagination as _PageNumberPagination
from rest_framework.response import Response


class PageNumberPagination(_PageNumberPagination):
    """?page=2&per_page=50 → {"results": […], "pagination": {page, per_page, total_pages, total_items}}."""

    results_key = "results"
    page_size = 50
    page_size_query_param = "per_page"
    max_page_size = 100

    def get_paginated_response(self, data: Any) -> Response:
        page = cast(Page[Any], self.page)
        paginator = page.paginator
        return Response(
            {
                self.results_key: data,
                "pagination": {
                    "page": page.number,
                    "per_page": paginator.per_page,
                    "total_pages": paginator.num_pages,
                    "total_items": paginator.count,
                },
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        numbers = {name: {"type": "integer"} for name in ("page", "per_page", "total_pages", "total_items")}
        pagination = {"type": "object", "properties": numbers, "required": list(numbers)}
        return {
            "type": "object",
            "required": [self.results_key, "pagination"],
            "properties": {self.results_key: schema, "pagination": pagination},
        }

"""Pages of lists in the API."""

from typing import Any, cast

from django.core.paginator import Page
from rest_framework.pagination import PageNumberPagination as _PageNumberPagination
from rest_framework.response import Response


class PageNumberPagination(_PageNumberPagination):
    """?page=2&per_page=50 → {"results": […], "pagination": {page, per_page, total_pages, total_items}}."""

    results_key = "results"
    page_size = 50
    page_size_query_param: str | None = "per_page"  # None: the size of a page is fixed
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
        examples = {"page": 1, "per_page": self.page_size, "total_pages": 1, "total_items": 1}
        numbers = {name: {"type": "integer", "example": value} for name, value in examples.items()}
        pagination = {"type": "object", "properties": numbers, "required": list(numbers)}
        return {
            "type": "object",
            "required": [self.results_key, "pagination"],
            "properties": {self.results_key: schema, "pagination": pagination},
        }

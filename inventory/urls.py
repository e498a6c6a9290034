"""The pages of places."""

from django.urls import path

from inventory.pages import labels, place, places

urlpatterns = [
    path("", places.places, name="places"),
    path("warehouses/<int:warehouse_id>/", places.warehouse, name="place-warehouse"),
    path("labels/", labels.labels, name="place-labels"),
    path("<int:location_id>/", place.place, name="place"),
]

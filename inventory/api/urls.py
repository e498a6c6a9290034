"""Places under /api/v1/. A slash at the end is taken too, as everywhere in the API."""

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from inventory.api import views

_ID = views.ID_PATTERN

router = SimpleRouter()
router.trailing_slash = "/?"  # its argument knows only yes and no
router.register("warehouses", views.WarehouseViewSet, basename="warehouse")
router.register(
    rf"warehouses/(?P<warehouse_id>{_ID})/areas", views.WarehouseAreasViewSet, basename="warehouse-area"
)
router.register("areas", views.AreaViewSet, basename="area")
router.register(rf"areas/(?P<area_id>{_ID})/locations", views.AreaLocationsViewSet, basename="area-location")
router.register("locations", views.LocationViewSet, basename="location")

urlpatterns = [*router.urls, re_path(r"^map/?$", views.PlaceMap.as_view(), name="map")]

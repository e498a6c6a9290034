"""Places under /api/v1/."""

from demeter.routers import OptionalSlashRouter
from inventory.api import views

_ID = views.ID_PATTERN

router = OptionalSlashRouter()
router.register("warehouses", views.WarehouseViewSet, basename="warehouse")
router.register(
    rf"warehouses/(?P<warehouse_id>{_ID})/areas", views.WarehouseAreasViewSet, basename="warehouse-area"
)
router.register("areas", views.AreaViewSet, basename="area")
router.register(rf"areas/(?P<area_id>{_ID})/locations", views.AreaLocationsViewSet, basename="area-location")
router.register("locations", views.LocationViewSet, basename="location")
router.add("map", views.PlaceMap.as_view(), "map")

urlpatterns = router.urls

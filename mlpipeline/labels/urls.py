"""Labels under /api/v1/."""

from demeter.routers import OptionalSlashRouter
from mlpipeline.labels.views import ReadLabel

router = OptionalSlashRouter()
router.add("locations/label", ReadLabel.as_view(), "location-label")

urlpatterns = router.urls

"""The classifier under /api/v1/."""

from demeter.routers import OptionalSlashRouter
from mlpipeline.classifier.api import views

router = OptionalSlashRouter()
router.add("model/predict", views.Predict.as_view(), "model-predict")
router.add("feedback", views.FeedbackView.as_view(), "feedback")

urlpatterns = router.urls

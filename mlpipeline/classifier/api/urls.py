"""The classifier under /api/v1/. Both forms are served: a redirect would lose the body of a POST."""

from django.urls import re_path

from mlpipeline.classifier.api import views

urlpatterns = [
    re_path(r"^model/predict/?$", views.Predict.as_view(), name="model-predict"),
    re_path(r"^feedback/?$", views.FeedbackView.as_view(), name="feedback"),
]

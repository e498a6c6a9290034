"""The pages of the classifier."""

from django.urls import path

from mlpipeline.classifier import pages

urlpatterns = [
    path("", pages.classify, name="classify"),
    path("<uuid:prediction_id>/", pages.prediction, name="prediction"),
    path("<uuid:prediction_id>/feedback/", pages.feedback, name="prediction-feedback"),
]

"""The pages of photos."""

from django.urls import path

from photos.pages import (
    corrector,
    fixing,
    gallery,
    home,
    inbox,
    jobs,
    offline,
    photo,
    place_settings,
    review_actions,
    several_photos,
    uploads,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("uploads/", uploads.upload, name="upload"),
    path("uploads/service-worker.js", offline.service_worker, name="upload-service-worker"),
    path("uploads/offline/<slug:language>/", offline.offline_page, name="upload-offline"),
    path("uploads/<uuid:upload_id>/", jobs.upload_progress, name="upload-progress"),
    path("jobs/", jobs.my_uploads, name="jobs"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("photos/", gallery.gallery, name="gallery"),
    path("photos/several/", several_photos.several, name="several-photos"),
    path("photos/<uuid:image_id>/", photo.photo, name="photo"),
    path("photos/<uuid:image_id>/counts/<int:attempt>/findings.json", photo.findings, name="photo-findings"),
    path("photos/<uuid:image_id>/counts/<int:attempt>/sheet.pdf", photo.sheet, name="photo-sheet"),
    path("photos/<uuid:image_id>/full-picture.json", photo.full_picture, name="photo-full-picture"),
    path("photos/<uuid:image_id>/correct/", corrector.corrector, name="photo-correct"),
    path("photos/<uuid:image_id>/hand-count/", corrector.count_by_hand, name="photo-hand-count"),
    path("photos/<uuid:image_id>/fix/", fixing.fix, name="photo-fix"),
    path("photos/<uuid:image_id>/configuration/", place_settings.configuration, name="photo-configuration"),
    path("photos/<uuid:image_id>/density/", place_settings.density, name="photo-density"),
    path("photos/<uuid:image_id>/place/", review_actions.place, name="photo-place"),
    path("photos/<uuid:image_id>/count-again/", review_actions.again, name="photo-count-again"),
    path("photos/<uuid:image_id>/validate/", review_actions.accept, name="photo-validate"),
    path("photos/<uuid:image_id>/withdraw/", review_actions.withdraw, name="photo-withdraw"),
    path("photos/<uuid:image_id>/date/", review_actions.date, name="photo-date"),
    path("photos/<uuid:image_id>/old-product/", review_actions.old_product, name="photo-old-product"),
    path("photos/<uuid:image_id>/trash/", review_actions.to_trash, name="photo-trash"),
    path("photos/<uuid:image_id>/restore/", review_actions.from_trash, name="photo-restore"),
]

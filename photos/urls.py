"""The pages of photos."""

from django.urls import path

from photos.pages import decisions, gallery, home, photo, uploads

urlpatterns = [
    path("", home.home, name="home"),
    path("uploads/", uploads.upload, name="upload"),
    path("uploads/<uuid:upload_id>/", uploads.upload_progress, name="upload-progress"),
    path("photos/", gallery.gallery, name="gallery"),
    path("photos/<uuid:image_id>/", photo.photo, name="photo"),
    path("photos/<uuid:image_id>/counts/<int:attempt>/findings.json", photo.findings, name="photo-findings"),
    path("photos/<uuid:image_id>/place/", decisions.place, name="photo-place"),
    path("photos/<uuid:image_id>/count-again/", decisions.again, name="photo-count-again"),
    path("photos/<uuid:image_id>/validate/", decisions.accept, name="photo-validate"),
    path("photos/<uuid:image_id>/withdraw/", decisions.withdraw, name="photo-withdraw"),
    path("photos/<uuid:image_id>/date/", decisions.date, name="photo-date"),
    path("photos/<uuid:image_id>/old-product/", decisions.old_product, name="photo-old-product"),
    path("photos/<uuid:image_id>/trash/", decisions.to_trash, name="photo-trash"),
    path("photos/<uuid:image_id>/restore/", decisions.from_trash, name="photo-restore"),
]

"""Django's configuration of the app `photos`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PhotosConfig(AppConfig):
    """Photos and their counts, the source of evidence that the inventory asks for."""

    name = "photos"
    verbose_name = _("Photos")

    def ready(self) -> None:
        """Plug photos and their counts into the inventory, which knows nothing of them."""
        from inventory.services.count_source import use_counts_of  # noqa: PLC0415 - models are loaded only now
        from inventory.services.place_photos import use_photos_of  # noqa: PLC0415 - models are loaded only now
        from photos.services.booking.place_photos import PhotosOfPlaces  # noqa: PLC0415 - models are loaded only now
        from photos.services.booking.stock_evidence import PhotoCounts  # noqa: PLC0415 - models are loaded only now

        use_counts_of(PhotoCounts())
        use_photos_of(PhotosOfPlaces())

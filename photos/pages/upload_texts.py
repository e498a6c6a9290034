"""What the upload page says of photos while it sends them (static/photos/js/upload), in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def upload_texts() -> dict[str, Any]:
    """The texts by the codes of the script."""
    return {
        "send": _("Upload and count"),
        "none_chosen": _("Choose at least one photo."),
        "too_many": _("Too many photos for one upload. At most:"),
        "is_known": _("The server has it already: it is not sent again"),
        "states": {
            "checking": _("Being checked"),
            "ready": _("Chosen"),
            "queued": _("Waits for its turn"),
            "sending": _("Being sent"),
            "paused": pgettext("photo", "Paused"),
            "waiting": _("Waits for a connection"),
            "done": _("Arrived: it is being counted"),
            "known": _("Known: it was counted before"),
        },
        "faults": {
            "empty": _("The file is empty."),
            "tooLarge": _("The file is too large for a photo."),
            "noPhoto": _("This is no photo: JPEG, PNG, WebP, HEIC and AVIF are taken."),
            "unreadable": _("The file cannot be read any more. Choose it again."),
        },
        "summary": {
            "ready": _("Chosen:"),
            "unsent": _("To be sent:"),
            "done": _("Arrived:"),
            "known": _("Known:"),
            "bad": _("Not taken:"),
        },
        "place_not_chosen": _(
            "The place that you wrote is not chosen yet: choose one of the list, or leave the field empty."
        ),
        "place_none": _("No place of that name."),
        "place_offline": _("There is no connection: these are the places of your last uploads."),
        "place_away": _("The server does not answer just now: these are the places of your last uploads."),
        "place_signed_out": _("You are signed out. Sign in to go on."),
        "place_locating": _("Looking for where you are…"),
        "place_none_near": _("No place is near."),
        "place_unknown": _("Where you are is not known just now."),
        "place_no_code": _("No place has this code."),
        "label_reading": _("The label is being read…"),
        "label_none": _("No QR code can be read in this picture. Go closer and take another one."),
        "label_no_camera": _("The camera cannot be used. Press again to take a picture of the label."),
        "label_offline": _(
            "Reading the QR here needs a connection. Let one of the photos show the label: it names the place when it "
            "arrives."
        ),
        "label_away": _("The label cannot be read just now. Choose the place, or try again."),
        "label_signed_out": _("You are signed out. Sign in to go on."),
        "place_chosen": _("All these photos show:"),
        "place_by_photo": _("Leave empty: a QR label in the photo, or its position, tells the place."),
    }

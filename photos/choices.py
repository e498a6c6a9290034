"""The words that rows about photos may hold."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImageStatus(models.TextChoices):
    """The state of a photo: `ready` once its count is done, `failed` also while that count waits for a person."""

    UPLOADED = "uploaded", _("Uploaded")
    PROCESSING = "processing", _("Processing")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class ImageSource(models.TextChoices):
    """What sent a photo."""

    WEB = "web", _("Web")
    MOBILE = "mobile", _("Phone")
    API = "api", _("API")


class TakenAtSource(models.TextChoices):
    """Who says when a photo was taken. With `received` nobody does: the time is that of the upload."""

    EXIF = "exif", _("Camera")
    GPS = "gps", _("Satellites")
    UPLOADER = "uploader", _("Named at upload")
    PERSON = "person", _("Named by a person later")
    RECEIVED = "received", _("Time of the upload")


class JobStatus(models.TextChoices):
    """The state of one file of an upload; `rejected` files were refused and have no count."""

    PENDING = "pending", _("Pending")
    PROCESSING = "processing", _("Processing")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    REJECTED = "rejected", _("Rejected")


class JobPurpose(models.TextChoices):
    """Why a file is counted; an analysis touches no stock."""

    UPLOAD = "upload", _("Upload")
    REPROCESS = "reprocess", _("Counted again")
    ANALYZE = "analyze", _("Analysis without inventory")


class Stage(models.TextChoices):
    """The part of its processing that a job is in, in their order."""

    STORED = "stored", _("Stored")
    SEGMENTING = "segmenting", _("Finding containers")
    DETECTING = "detecting", _("Finding plants")
    ESTIMATING = "estimating", _("Estimating hidden plants")
    BOOKING = "booking", _("Booking the stock")
    DRAWING = "drawing", _("Drawing")
    DONE = "done", _("Done")


class SessionStatus(models.TextChoices):
    """The state of one counting of a photo; one that waits for a person is `completed`."""

    PENDING = "pending", _("Pending")
    PROCESSING = "processing", _("Processing")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")


class BookingState(models.TextChoices):
    """Whether a count has become stock, and why not."""

    OPEN = "open", _("Not booked yet")
    WAITING = "waiting", _("Waits for a person")
    BOOKED = "booked", _("Booked")
    SUPERSEDED = "superseded", _("A newer photo stands")
    NOT_WANTED = "not_wanted", _("Without inventory")


class LocationSource(models.TextChoices):
    """Who named the place of a photo."""

    UPLOADER = "uploader", _("Named at upload")
    GPS = "gps", _("Position of the photo")
    LABEL = "label", _("QR label in the photo")
    PERSON = "person", _("Named by a person later")


class CountWarning(models.TextChoices):
    """What a person should know about a count; what each means stands in `photos.warning_catalogue`."""

    NEEDS_LOCATION = "needs_location", _("The place is not known")
    NEEDS_CONFIG = "needs_config", _("The place has no active configuration")
    NEEDS_REVIEW = "needs_review", _("The count does not fit the stock")
    PARTIAL_COUNT = "partial_count", _("Some containers could not be counted")
    PLACE_MISMATCH = "place_mismatch", _("The position of the photo lies in another place")
    LABEL_MISMATCH = "label_mismatch", _("The label in the photo names another place")
    UNDATED = "undated", _("Nobody knows when the photo was taken")
    OTHER_PRODUCT = "other_product", _("The place still holds another product")
    NOTHING_FOUND = "nothing_found", _("Nothing was found where plants stood")
    DUPLICATE_ELSEWHERE = "duplicate_elsewhere", _("The same photo stands at another place")
    NEEDS_CALIBRATION = "needs_calibration", _("No density parameters for this product")
    SUPERSEDED = "superseded", _("A newer count of this place stands")
    POSITION_NEARBY = "position_nearby", _("The position of the photo lies in a place nearby")
    SAME_LOCATION = "same_location", _("Another photo of this upload shows the same place")
    MOVED = "moved", _("A person moved this photo here from another place")
    PHOTO_MOVED_AWAY = "photo_moved_away", _("A photo of this place was moved to another")
    NO_CONTAINER = "no_container", _("No container was found: the whole picture was counted")
    MOSTLY_EMPTY = "mostly_empty", _("More empty pots than plants, in no container")
    TRUNCATED = "truncated", _("More plants may be there than could be counted")
    OVER_CAPACITY = "over_capacity", _("A box or tray shows more plants than it can hold")
    UNLIKE_LAST_COUNT = "unlike_last_count", _("Far from the last count of this place")
    UNLIKE_PRODUCT = "unlike_product", _("The plants look like another product")
    OUT_OF_SCALE = "out_of_scale", _("Plants are too small or too large to be seen well")
    BLURRY = "blurry", _("The picture is blurred")
    DARK = "dark", _("The picture is too dark")
    GLARE = "glare", _("Parts of the picture are burnt out")


class IntervalReason(models.TextChoices):
    """Why a count cannot be said more closely, as a person reads it behind the interval."""

    TRUNCATED = "truncated", _("more plants may be there than could be counted")
    OUT_OF_SCALE = "out_of_scale", _("plants are too small or too large to be seen well")
    NO_CONTAINER = "no_container", _("no container was found")
    BLURRY = "blurry", _("the picture is blurred")
    DARK = "dark", _("the picture is too dark")
    GLARE = "glare", _("parts of the picture are burnt out")
    MUCH_ESTIMATED = "much_estimated", _("many plants were estimated, not seen")
    CLOSED_CANOPY = "closed_canopy", _("plants overlap")
    DOUBTFUL_PLANTS = "doubtful_plants", _("many plants are not surely plants")
    TINY_PLANTS = "tiny_plants", _("plants span few pixels")
    UNEXPLAINED_LEAF = "unexplained_leaf", _("there is leaf where no plant was seen")
    UNCALIBRATED = "uncalibrated", _("nobody has measured how exact these weights are")


class ContainerType(models.TextChoices):
    """What plants stand in; segments are scanned in tiles, boxes and plug trays detected directly."""

    SEGMENT = "segment", _("Segment")
    BOX = "box", _("Box")
    PLUG = "plug", _("Plug tray")


class CalculationMethod(models.TextChoices):
    """How the plants that the detector missed were estimated."""

    BAND_BASED = "band_based", _("Bands")
    DENSITY_BASED = "density_based", _("Density parameters")
    GRID_ANALYSIS = "grid_analysis", _("Grid of cells")


#: The classes of detections that are known by name; further ones of the weights are living plants.
PLANT_CLASS: Final = "plant"
DEAD_CLASS: Final = "dead"
EMPTY_CLASS: Final = "empty"


class DetectionSource(models.TextChoices):
    """Whether the model or a person marked a box."""

    MODEL = "model", _("Model")
    PERSON = "person", _("Person")


class StepKind(models.TextChoices):
    """One task each; what the value names is also the task's name."""

    SEGMENT = "process_photo_ml", _("Find containers")
    DETECT_SLICED = "detect_sahi", _("Find plants in segments")
    DETECT_DIRECT = "detect_direct", _("Find plants in boxes and trays")
    AGGREGATE = "aggregate_results", _("Estimate, sum up and book")
    DRAW = "draw_photo", _("Draw")
    UPLOAD_ORIGINAL = "upload_original", _("Move the original to the store")
    UPLOAD_THUMBNAIL = "upload_thumbnail", _("Make the thumbnail")
    UPLOAD_ANNOTATED = "upload_annotated", _("Move the drawing to the store")
    UPLOAD_FULL_PICTURE = "upload_full_picture", _("Make the picture in full size")


class StepStatus(models.TextChoices):
    """The state of a processing step. A running one whose lease has expired may be claimed anew."""

    PENDING = "pending", _("Pending")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")

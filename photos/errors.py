"""What is refused about photos."""

from demeter.errors import DemeterError, PermanentError, TemporaryError, ValidationError


class EmptyFile(ValidationError):
    """The file holds no byte."""

    code, status = "empty_file", 400


class InvalidFileType(ValidationError):
    """The content is none of the accepted picture formats, whatever the name says."""

    code, status = "invalid_file_type", 400


class FileTooLarge(ValidationError):
    """The file has more bytes than a photo may have."""

    code, status = "file_too_large", 400


class ImageTooLarge(ValidationError):
    """The picture has more pixels than a photo may have."""

    code, status = "image_too_large", 400


class UnreadableImage(ValidationError):
    """The picture is broken: its header or its body cannot be read."""

    code, status = "unreadable_image", 400


class TooManyFiles(ValidationError):
    """More files in one request than allowed."""

    code, status = "too_many_files", 400


class StepLost(DemeterError):
    """The work has moved on to another worker, or has ended: what this one made is not wanted any more."""

    code, status = "step_lost", 409


class CountRunning(DemeterError):
    """The photo is being counted already."""

    code, status = "already_running", 409


class NotCounted(DemeterError):
    """The photo has no finished count that could be booked or accepted."""

    code, status = "not_counted", 409


class CountReplaced(DemeterError):
    """A newer count of the same photo stands in place of this one."""

    code, status = "count_replaced", 409


class PlaceValidated(DemeterError):
    """A supervisor has validated a count of the photo at its place, and the one who moves it is none."""

    code, status = "place_validated", 409


class UnknownLocation(ValidationError):
    """There is no such place, or it is not in use any more."""

    code, status = "unknown_location", 400


class StoreUnavailable(TemporaryError):
    """A store of pictures refuses, does not answer in time, or is gone: an outage, which is waited for."""

    code, status = "store_unavailable", 503


class StoreFull(StoreUnavailable):
    """A store of pictures has no room: an outage too, until somebody makes room."""

    code, status = "store_full", 507


class OriginalMissing(PermanentError):
    """The bytes of a photo are neither in staging nor in the store, or are not those that were uploaded."""

    code, status = "original_missing", 409


class NoFile(ValidationError):
    """A request that should carry a photo carries none."""

    code, status = "no_file", 400


class InvalidTakenAt(ValidationError):
    """A time that a photo cannot have been taken at."""

    code, status = "invalid_taken_at", 400


class UnknownWarehouse(ValidationError):
    """There is no such warehouse, or it is not in use any more."""

    code, status = "unknown_warehouse", 400


class KeyReused(DemeterError):
    """An Idempotency-Key came again with another request than the one it was first used for."""

    code, status = "idempotency_key_reused", 422


class RequestRunning(DemeterError):
    """The first request with this Idempotency-Key has not been answered yet."""

    code, status = "request_running", 409


class InvalidKey(ValidationError):
    """An Idempotency-Key that cannot be kept."""

    code, status = "invalid_idempotency_key", 400


class FindingsChanged(DemeterError):
    """The findings of a count were corrected since the client has read them."""

    code, status = "version_conflict", 409


class UnknownFinding(ValidationError):
    """A box or container that this count does not have, or that was deleted."""

    code, status = "unknown_finding", 400


class InvalidCorrection(ValidationError):
    """A correction that no count can take: a box outside the picture, a class that nobody knows, too much at once."""

    code, status = "invalid_correction", 400


class UnknownPhotos(DemeterError):
    """Photos that do not exist, or that the caller may not see."""

    code, status = "unknown_photos", 404


class OffsetMismatch(DemeterError):
    """A chunk that does not begin where what has arrived ends: another one was faster, or it was sent before."""

    code, status = "offset_mismatch", 409


class UploadExpired(DemeterError):
    """A resumable upload that nobody went on with for too long: what had arrived is deleted."""

    code, status = "upload_expired", 410


class ChecksumMismatch(DemeterError):
    """Bytes that are not those the client has announced: they changed on their way (tus, checksum)."""

    code, status = "checksum_mismatch", 460


class UnsupportedProtocol(DemeterError):
    """A request of a version of tus that is not spoken here, or of none."""

    code, status = "unsupported_tus_version", 412


class InvalidUploadHeader(DemeterError):
    """A header of a resumable upload that is missing or cannot be read."""

    code, status = "invalid_upload_header", 400


class AnnouncedTooLarge(DemeterError):
    """A file that is announced with more bytes than a photo may have: tus demands 413 for it."""

    code, status = "file_too_large", 413


class TooManyOpenUploads(DemeterError):
    """More unfinished resumable uploads of one user than are kept."""

    code, status = "too_many_open_uploads", 409


class TooManyChunks(DemeterError):
    """A file in more and smaller chunks than are kept."""

    code, status = "too_many_chunks", 400


class OtherUpload(DemeterError):
    """A file that is to join an upload which is another user's, or of another place."""

    code, status = "other_upload", 409

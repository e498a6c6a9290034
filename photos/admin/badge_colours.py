"""The colour of each state's label, the same on all pages."""

from photos.choices import BookingState, JobStatus, SessionStatus, StepStatus
from photos.image_states import ImageState

IMAGE_STATE = {
    ImageState.UPLOADED: "info",
    ImageState.PROCESSING: "info",
    ImageState.READY: "success",
    ImageState.WAITING: "warning",
    ImageState.BROKEN: "danger",
    ImageState.TRASHED: "default",
}
JOB = {
    JobStatus.PENDING: "warning",
    JobStatus.PROCESSING: "info",
    JobStatus.COMPLETED: "success",
    JobStatus.FAILED: "danger",
    JobStatus.REJECTED: "danger",
}
SESSION = {
    SessionStatus.PENDING: "warning",
    SessionStatus.PROCESSING: "info",
    SessionStatus.COMPLETED: "success",
    SessionStatus.FAILED: "danger",
}
BOOKING = {
    BookingState.OPEN: "info",
    BookingState.WAITING: "warning",
    BookingState.BOOKED: "success",
    BookingState.SUPERSEDED: "default",
    BookingState.NOT_WANTED: "default",
}
STEP = {
    StepStatus.PENDING: "warning",
    StepStatus.RUNNING: "info",
    StepStatus.DONE: "success",
    StepStatus.FAILED: "danger",
}

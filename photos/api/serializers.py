"""The shapes of requests and answers about uploads, jobs and analyses."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from demeter.api_examples import answer_example
from photos.api import examples
from photos.choices import CountWarning, IntervalReason, JobStatus, Stage
from photos.error_texts import error_text
from photos.models import UploadJob


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────
def taken_at_field() -> serializers.DateTimeField:
    """A new optional field for the uploader's own date of photos that carry none."""
    return serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="When photos were taken that carry no readable date themselves. ISO 8601; without an offset it is "
        "the nursery's time.",
    )


class UploadRequestSerializer(serializers.Serializer[Any]):
    """The fields beside the files of an upload."""

    storage_location_id = serializers.IntegerField(required=False, allow_null=True)
    warehouse_id = serializers.IntegerField(required=False, allow_null=True)
    notes = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
    taken_at = taken_at_field()
    force = serializers.BooleanField(
        required=False, default=False, help_text="Count photos that are known already once more."
    )


class UploadFormSerializer(UploadRequestSerializer):
    """For the description: the whole form. Files are not checked here but one by one by the service."""

    files = serializers.ListField(child=serializers.FileField(), min_length=1, max_length=100)


class PhotoRequestSerializer(serializers.Serializer[Any]):
    """The fields beside a single photo."""

    storage_location_id = serializers.IntegerField(required=False, allow_null=True)
    taken_at = taken_at_field()
    force = serializers.BooleanField(required=False, default=False)


class PhotoFormSerializer(PhotoRequestSerializer):
    """For the description: one photo and its fields. The service looks at the file itself."""

    file = serializers.FileField()


class AnalyzeFormSerializer(serializers.Serializer[Any]):
    """For the description: the photo alone."""

    file = serializers.FileField()


class ReprocessRequestSerializer(serializers.Serializer[Any]):
    """Why a photo is counted again, and the place it shows if that is to change."""

    reason = serializers.CharField(max_length=500)
    storage_location_id = serializers.IntegerField(required=False, allow_null=True)


class TaskIdsSerializer(serializers.Serializer[Any]):
    """The query of several tasks at once."""

    task_ids = serializers.CharField(help_text="Up to 100 ids, separated by commas.")


class UploadSessionQuerySerializer(serializers.Serializer[Any]):
    """The query for the jobs of one upload."""

    upload_session_id = serializers.UUIDField()


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────
class OmitsEmpty(serializers.Serializer[Any]):
    """Leaves out the fields named in `omitted_if_none` where they have no value."""

    omitted_if_none: tuple[str, ...] = ()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        return {
            name: value
            for name, value in shown.items()
            if value is not None or name not in self.omitted_if_none
        }


class OmitsEmptyDescription(OpenApiSerializerExtension):
    """Describes what may be left out as optional, and never null."""

    target_class = OmitsEmpty
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        for name in self.target.omitted_if_none:
            if name in schema["required"]:
                schema["required"].remove(name)
            schema["properties"][name].pop("nullable", None)
        return schema


class AcceptedJobSerializer(OmitsEmpty):
    """One file of an upload, as it was taken in."""

    omitted_if_none = ("code", "error", "duplicate_of", "warnings")

    job_id = serializers.UUIDField(source="id")
    image_id = serializers.UUIDField(allow_null=True, help_text="null if the file was refused")
    filename = serializers.CharField()
    status = serializers.ChoiceField(JobStatus.choices)
    code = serializers.SerializerMethodField(help_text="Why the file was refused.")
    error = serializers.SerializerMethodField(help_text="The same as a sentence.")
    duplicate_of = serializers.UUIDField(
        source="duplicate_of_id", required=False, help_text="The photo that has the same bytes."
    )
    warnings = serializers.SerializerMethodField(
        help_text="duplicate_elsewhere: the photo was known and stands at another place than the one named now."
    )

    def get_warnings(self, job: UploadJob) -> list[str] | None:
        return [CountWarning.DUPLICATE_ELSEWHERE.value] if job.stands_elsewhere else None

    def get_code(self, job: UploadJob) -> str | None:
        return job.code or None

    def get_error(self, job: UploadJob) -> str | None:
        return error_text(job.code, job.error) or None


@answer_example(examples.UPLOAD_ANSWER)
class UploadAnswerSerializer(serializers.Serializer[Any]):
    """An upload as it was taken in: a job for each file, refused ones included."""

    status = serializers.ChoiceField(["accepted"])
    upload_session_id = serializers.UUIDField()
    jobs = AcceptedJobSerializer(many=True)
    total_files = serializers.IntegerField()
    estimated_completion_time_minutes = serializers.FloatField(
        allow_null=True, help_text="From measured times; null as long as nothing was measured."
    )
    poll_url = serializers.CharField()


@answer_example(examples.PHOTO_ANSWER)
class PhotoAnswerSerializer(serializers.Serializer[Any]):
    """A single photo as it was taken in; `task_id` is the id of its job."""

    task_id = serializers.UUIDField()
    session_id = serializers.UUIDField(allow_null=True, help_text="null while a known photo has no count")
    upload_session_id = serializers.UUIDField()
    status = serializers.ChoiceField(JobStatus.choices)
    message = serializers.CharField()
    poll_url = serializers.CharField()
    jobs = AcceptedJobSerializer(many=True)


class JobResultSerializer(serializers.Serializer[Any]):
    """The sums of a count that is done, after corrections that were validated."""

    session_id = serializers.UUIDField()
    total_detected = serializers.IntegerField(
        help_text="As a person validated it, else by the model; so are the others."
    )
    total_estimated = serializers.IntegerField()
    total = serializers.IntegerField()
    storage_location_id = serializers.IntegerField(allow_null=True)


@answer_example(examples.JOB)
class JobSerializer(OmitsEmpty):
    """How far one file is. For the description: photos/api/job_answers.py makes the answers."""

    omitted_if_none = (
        "processing_time_seconds",
        "estimated_remaining_seconds",
        "code",
        "error_message",
        "duplicate_of",
        "result",
    )

    job_id = serializers.UUIDField()
    image_id = serializers.UUIDField(allow_null=True)
    filename = serializers.CharField()
    status = serializers.ChoiceField(JobStatus.choices)
    stage = serializers.ChoiceField(Stage.choices)
    progress_percent = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    processing_time_seconds = serializers.FloatField(read_only=True)
    estimated_remaining_seconds = serializers.IntegerField(read_only=True)
    code = serializers.CharField(read_only=True)
    error_message = serializers.CharField(read_only=True)
    duplicate_of = serializers.UUIDField(required=False)
    warnings = serializers.ListField(child=serializers.ChoiceField(CountWarning.choices))
    result = JobResultSerializer(allow_null=True)


class SummarySerializer(serializers.Serializer[Any]):
    """How many jobs of an upload are in which state."""

    total_jobs = serializers.IntegerField(help_text="Refused files are not counted.")
    completed = serializers.IntegerField()
    processing = serializers.IntegerField()
    pending = serializers.IntegerField()
    failed = serializers.IntegerField()
    overall_progress_percent = serializers.FloatField(
        help_text="The exact mean of the jobs' progress_percent; 0 without jobs."
    )


@answer_example(examples.UPLOAD_STATUS)
class UploadStatusSerializer(serializers.Serializer[Any]):
    """All jobs of an upload and how far they are together."""

    upload_session_id = serializers.UUIDField()
    jobs = JobSerializer(many=True)
    summary = SummarySerializer()
    last_updated = serializers.DateTimeField()


@answer_example(examples.UPLOAD_LIST)
class UploadListSerializer(serializers.Serializer[Any]):
    """One upload of the last 48 hours."""

    upload_session_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    notes = serializers.CharField()
    total_files = serializers.IntegerField()
    summary = SummarySerializer()


class StockTaskResultSerializer(serializers.Serializer[Any]):
    """What a photo was counted as, and the stock batches that it booked."""

    session_id = serializers.UUIDField()
    total_detected = serializers.IntegerField()
    total_estimated = serializers.IntegerField()
    avg_confidence = serializers.FloatField(allow_null=True)
    batch_ids = serializers.ListField(child=serializers.IntegerField())
    processed_image_url = serializers.CharField(allow_null=True)


@answer_example(examples.STOCK_TASK)
class StockTaskSerializer(serializers.Serializer[Any]):
    """One job in the words of a task; `result` is null until it is completed."""

    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(["pending", "processing", "completed", "failed"])
    progress_percent = serializers.IntegerField()
    result = StockTaskResultSerializer(allow_null=True)
    error = serializers.CharField(allow_null=True)


@answer_example(examples.STOCK_TASKS)
class StockTasksSerializer(serializers.Serializer[Any]):
    """Several tasks; ids that are unknown or of other users are in `not_found`."""

    tasks = StockTaskSerializer(many=True)
    not_found = serializers.ListField(child=serializers.CharField())


@answer_example(examples.ANALYSIS_STARTED)
class AnalysisStartedSerializer(serializers.Serializer[Any]):
    """An analysis that was taken in, with the id to ask for it."""

    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(["processing"])


def counts_by_class_field(source: str | None = None) -> serializers.DictField:
    """A new field for how many of each class a count has, as analyses and photos tell it."""
    return serializers.DictField(
        source=source,
        child=serializers.IntegerField(),
        help_text="How many of each class: plant (the living), dead, empty, and further ones that the weights know. "
        "Once a person has corrected the count, the first three alone, as that person validated them.",
    )


class AnalysisResultSerializer(serializers.Serializer[Any]):
    """What an analysis has counted, with its 90 % interval."""

    session_id = serializers.UUIDField()
    total_detected = serializers.IntegerField()
    total_estimated = serializers.IntegerField()
    total = serializers.IntegerField()
    interval = serializers.ListField(
        child=serializers.IntegerField(),
        min_length=2,
        max_length=2,
        allow_null=True,
        help_text="[low, high]: the true number lies between them 90 times in 100. null where the photo could not be "
        "judged, and once a person has validated the count.",
    )
    interval_reasons = serializers.ListField(
        child=serializers.ChoiceField(IntervalReason.choices), help_text="Why it cannot be said more closely."
    )
    avg_confidence = serializers.FloatField(allow_null=True)
    category_counts = counts_by_class_field()
    warnings = serializers.ListField(child=serializers.ChoiceField(CountWarning.choices))


@answer_example(examples.ANALYSIS)
class AnalysisSerializer(serializers.Serializer[Any]):
    """How far an analysis is; `result` and `result_url` are null until it is completed."""

    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(["PENDING", "PROCESSING", "COMPLETED", "FAILED"])
    result_url = serializers.CharField(
        allow_null=True, help_text="The annotated picture; a link good for 1 hour."
    )
    result = AnalysisResultSerializer(allow_null=True)
    error = serializers.CharField(allow_null=True)


@answer_example(examples.REPROCESS_ANSWER)
class ReprocessAnswerSerializer(serializers.Serializer[Any]):
    """The job that counts a photo again."""

    status = serializers.ChoiceField(["accepted"])
    image_id = serializers.UUIDField()
    new_job_id = serializers.UUIDField()
    message = serializers.CharField()
    poll_url = serializers.CharField()

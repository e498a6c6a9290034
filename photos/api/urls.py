"""Uploads, jobs and analyses under /api/v1/. A slash at the end is taken too: a redirect would lose a POST's data."""

from django.urls import re_path

from photos.api import corrections, jobs, photos, reprocess, resumable_uploads, tasks, uploads

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

urlpatterns = [
    re_path(r"^uploads/?$", resumable_uploads.ResumableUploads.as_view(), name="uploads"),
    re_path(r"^uploads/known/?$", resumable_uploads.KnownPhotos.as_view(), name="uploads-known"),
    re_path(
        rf"^uploads/(?P<upload_id>{_UUID})/?$",
        resumable_uploads.ResumableUploadView.as_view(),
        name="uploads-upload",
    ),
    re_path(r"^photos/upload/?$", uploads.Upload.as_view(), name="photos-upload"),
    re_path(r"^photos/uploads/?$", jobs.Uploads.as_view(), name="photos-uploads"),
    re_path(r"^photos/jobs/status/?$", jobs.UploadStatus.as_view(), name="upload-status"),
    re_path(rf"^photos/jobs/(?P<job_id>{_UUID})/status/?$", jobs.JobStatus.as_view(), name="job-status"),
    re_path(r"^photos/gallery/?$", photos.Gallery.as_view(), name="photos-gallery"),
    re_path(r"^photos/batch-delete/?$", photos.BatchDelete.as_view(), name="photos-batch-delete"),
    re_path(r"^photos/batch-restore/?$", photos.BatchRestore.as_view(), name="photos-batch-restore"),
    re_path(rf"^photos/(?P<image_id>{_UUID})/?$", photos.Photo.as_view(), name="photos-photo"),
    re_path(
        rf"^photos/(?P<image_id>{_UUID})/reprocess/?$", reprocess.Reprocess.as_view(), name="photos-reprocess"
    ),
    re_path(
        rf"^photos/(?P<image_id>{_UUID})/detections/?$",
        corrections.Detections.as_view(),
        name="photos-detections",
    ),
    re_path(
        rf"^photos/(?P<image_id>{_UUID})/containers/?$",
        corrections.Containers.as_view(),
        name="photos-containers",
    ),
    re_path(
        rf"^photos/(?P<image_id>{_UUID})/estimations/?$",
        corrections.Estimations.as_view(),
        name="photos-estimations",
    ),
    re_path(
        rf"^sessions/(?P<session_id>{_UUID})/validate/?$",
        corrections.Validate.as_view(),
        name="sessions-validate",
    ),
    re_path(
        rf"^sessions/(?P<session_id>{_UUID})/export/?$", corrections.Export.as_view(), name="sessions-export"
    ),
    re_path(r"^stock/photo/?$", uploads.StockPhoto.as_view(), name="stock-photo"),
    re_path(r"^stock/tasks/status/?$", tasks.StockTasks.as_view(), name="stock-tasks"),
    re_path(rf"^stock/tasks/(?P<task_id>{_UUID})/?$", tasks.StockTask.as_view(), name="stock-task"),
    re_path(r"^analyze/?$", uploads.Analyze.as_view(), name="analyze"),
    re_path(rf"^tasks/(?P<task_id>{_UUID})/?$", tasks.Analysis.as_view(), name="analysis"),
]

"""Uploads, jobs, photos, counts and analyses under /api/v1/."""

from demeter.routers import OptionalSlashRouter
from photos.api import corrections, jobs, photos, reprocess, resumable_uploads, tasks, uploads

router = OptionalSlashRouter()
router.add("uploads", resumable_uploads.ResumableUploads.as_view(), "uploads")
router.add("uploads/known", resumable_uploads.KnownPhotos.as_view(), "uploads-known")
router.add("uploads/{upload_id}", resumable_uploads.ResumableUploadView.as_view(), "uploads-upload")
router.add("photos/upload", uploads.Upload.as_view(), "photos-upload")
router.add("photos/uploads", jobs.Uploads.as_view(), "photos-uploads")
router.add("photos/jobs/status", jobs.UploadStatus.as_view(), "upload-status")
router.add("photos/jobs/{job_id}/status", jobs.JobStatus.as_view(), "job-status")
router.add("photos/gallery", photos.Gallery.as_view(), "photos-gallery")
router.add("photos/{image_id}/reprocess", reprocess.Reprocess.as_view(), "photos-reprocess")
router.add("photos/{image_id}/detections", corrections.Detections.as_view(), "photos-detections")
router.add("photos/{image_id}/containers", corrections.Containers.as_view(), "photos-containers")
router.add("photos/{image_id}/estimations", corrections.Estimations.as_view(), "photos-estimations")
router.add("sessions/{session_id}/validate", corrections.Validate.as_view(), "sessions-validate")
router.add("sessions/{session_id}/export", corrections.Export.as_view(), "sessions-export")
router.add("stock/photo", uploads.StockPhoto.as_view(), "stock-photo")
router.add("analyze", uploads.Analyze.as_view(), "analyze")
router.add("tasks/{task_id}", tasks.Analysis.as_view(), "analysis")
router.register("photos", photos.PhotoViewSet, basename="photos")
router.register("stock/tasks", tasks.StockTaskViewSet, basename="stock")

urlpatterns = router.urls

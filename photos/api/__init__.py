"""The REST API of uploads, jobs, analyses and corrections under /api/v1/. Views check and answer; services write."""

"""Accounts under /api/v1/."""

from demeter.accounts import views
from demeter.routers import OptionalSlashRouter

router = OptionalSlashRouter()
router.add("auth/login", views.SignIn.as_view(), "auth-login")
router.add("auth/refresh", views.Refresh.as_view(), "auth-refresh")
router.add("auth/logout", views.SignOut.as_view(), "auth-logout")
router.add("auth/me", views.Me.as_view(), "auth-me")
router.add("auth/change-password", views.ChangePassword.as_view(), "auth-change-password")
router.add("users", views.Users.as_view(), "users")

urlpatterns = router.urls

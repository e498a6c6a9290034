"""Accounts under /api/v1/. Both forms are served: a redirect would turn a POST into a GET and lose its data."""

from django.urls import re_path

from demeter.accounts import views

urlpatterns = [
    re_path(r"^auth/login/?$", views.SignIn.as_view(), name="auth-login"),
    re_path(r"^auth/refresh/?$", views.Refresh.as_view(), name="auth-refresh"),
    re_path(r"^auth/logout/?$", views.SignOut.as_view(), name="auth-logout"),
    re_path(r"^auth/me/?$", views.Me.as_view(), name="auth-me"),
    re_path(r"^auth/change-password/?$", views.ChangePassword.as_view(), name="auth-change-password"),
    re_path(r"^users/?$", views.Users.as_view(), name="users"),
]

from django.urls import path

from auth_signing.api import LoginApi, LogoutApi, MeApi, RegisterApi

urlpatterns = [
    path("auth/register", RegisterApi.as_view()),
    path("auth/login", LoginApi.as_view()),
    path("auth/logout", LogoutApi.as_view()),
    path("auth/me", MeApi.as_view()),
]

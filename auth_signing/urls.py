from django.urls import path

from auth_signing.api import LoginApi, LogoutApi, MeApi, RegisterApi
from auth_signing.identity_api import IdentityApi, IdentityRotationApi, PreviousIdentityApi
from auth_signing.key_api import AuditApi, KeyApi, KeyRotationApi, KeysApi

urlpatterns = [
    path("signing-keys", KeysApi.as_view()),
    path("signing-keys/<uuid:key_id>", KeyApi.as_view()),
    path("signing-keys/<uuid:key_id>/rotate", KeyRotationApi.as_view()),
    path("identity", IdentityApi.as_view()),
    path("identity/rotate", IdentityRotationApi.as_view()),
    path("identity/previous", PreviousIdentityApi.as_view()),
    path("audit-log", AuditApi.as_view()),
    path("auth/register", RegisterApi.as_view()),
    path("auth/login", LoginApi.as_view()),
    path("auth/logout", LogoutApi.as_view()),
    path("auth/me", MeApi.as_view()),
]

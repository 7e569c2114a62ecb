from collections.abc import Callable

from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import include, path
from django.views.generic import RedirectView, TemplateView
from drf_spectacular.views import SpectacularAPIView

from auth_signing import views
from conversations.inbox.views import SignOut
from pingback import demo_pages
from pingback.views import api_docs, api_not_found


def page(template: str) -> Callable[..., HttpResponseBase]:
    return TemplateView.as_view(template_name=template)


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox")),
    path("inbox/", include("conversations.inbox.urls")),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", SignOut.as_view(), name="sign_out"),
    path("join/<str:token>/", views.Join.as_view(), name="join"),
    path("password/", views.PasswordChange.as_view(), name="password_change"),
    path("password/changed/", page("account/password_changed.html"), name="password_changed"),
    path("password/reset/", views.PasswordReset.as_view(), name="password_reset"),
    path("password/reset/sent/", page("account/password_reset_sent.html"), name="password_reset_sent"),
    path("password/reset/<uidb64>/<token>/", views.PasswordResetConfirm.as_view(), name="password_reset_confirm"),
    path("demo/", demo_pages.shop, name="demo_shop"),
    path("demo/app/", demo_pages.app, name="demo_app"),
    path("demo/app/<slug:route>/", demo_pages.app),
    path("demo/strict/", demo_pages.strict, name="demo_strict"),
    path("demo/tags/", demo_pages.tags, name="demo_tags"),
    path("demo/rtl/", demo_pages.rtl, name="demo_rtl"),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", api_docs, name="api_docs"),
    path("api/v1/", include("auth_signing.urls")),
    path("api/v1/", include("widgets.urls")),
    path("api/v1/", include("conversations.urls")),
    path("api/<path:rest>", api_not_found),
]

handler400 = "pingback.views.bad_request"
handler404 = "pingback.views.not_found"
handler500 = "pingback.views.server_error"

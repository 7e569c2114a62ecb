from django.urls import path

from widgets.api import (
    BusinessCreateApi,
    WebChatSettingsApi,
    WidgetApi,
    WidgetCreateApi,
    WidgetsApi,
    WidgetSnippetApi,
    WidgetUpdateApi,
)

urlpatterns = [
    path("web-chat-settings", WebChatSettingsApi.as_view()),
    path("auth/business/create", BusinessCreateApi.as_view()),
    path("widget", WidgetsApi.as_view()),
    path("widget/create", WidgetCreateApi.as_view()),
    path("widget/update/<uuid:widget_id>", WidgetUpdateApi.as_view()),
    path("widget/<uuid:widget_id>", WidgetApi.as_view()),
    path("widget/<uuid:widget_id>/snippet", WidgetSnippetApi.as_view()),
]

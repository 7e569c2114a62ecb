from django.urls import path

from conversations.api.visitors import VisitorConversationsApi, VisitorMessagesApi, VisitorReadApi

urlpatterns = [
    path("visitor/conversations", VisitorConversationsApi.as_view()),
    path("visitor/conversations/<int:conversation_id>/messages", VisitorMessagesApi.as_view()),
    path("visitor/conversations/<int:conversation_id>/read", VisitorReadApi.as_view()),
]

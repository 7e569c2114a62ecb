from django.urls import path

from conversations.api import VisitorConversationsApi, VisitorMessagesApi

urlpatterns = [
    path("conversations", VisitorConversationsApi.as_view()),
    path("conversations/<int:conversation_id>/messages", VisitorMessagesApi.as_view()),
]

from django.urls import path

from conversations.inbox import views

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("list/", views.inbox_list, name="inbox_list"),
    path("<int:conversation_id>/", views.inbox_thread, name="inbox_thread"),
    path("<int:conversation_id>/resolve/", views.inbox_resolve, name="inbox_resolve"),
    path("<int:conversation_id>/reopen/", views.inbox_reopen, name="inbox_reopen"),
]

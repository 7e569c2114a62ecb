from django.urls import path, register_converter

from conversations.inbox import views
from conversations.inbox.listings import ListingConverter

register_converter(ListingConverter, "listing")

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("files/<uuid:file_id>/", views.inbox_file, name="inbox_file"),
    path("unread/", views.inbox_unread, name="inbox_unread"),
    path("team/", views.inbox_team, name="inbox_team"),
    path("presence/", views.inbox_presence, name="inbox_presence"),
    path("list/", views.inbox_list, name="inbox_list"),
    path("<int:conversation_id>/", views.inbox_thread, name="inbox_thread"),
    path("<int:conversation_id>/messages/", views.inbox_messages, name="inbox_messages"),
    path("<int:conversation_id>/resolve/", views.inbox_resolve, name="inbox_resolve"),
    path("<int:conversation_id>/reopen/", views.inbox_reopen, name="inbox_reopen"),
    path("<int:conversation_id>/upload/", views.inbox_upload, name="inbox_upload"),
    path("<int:conversation_id>/assign/", views.inbox_assign, name="inbox_assign"),
    path("<listing:listing>/", views.inbox, name="inbox"),
    path("<listing:listing>/list/", views.inbox_list, name="inbox_list"),
    path("<listing:listing>/<int:conversation_id>/", views.inbox_thread, name="inbox_thread"),
]

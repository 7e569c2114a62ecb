from django.urls import path

from conversations.api import agents, contacts, identify, team, uploads, visitors

urlpatterns = [
    path("conversations", agents.ConversationsApi.as_view()),
    path("conversations/<int:conversation_id>", agents.ConversationApi.as_view()),
    path("conversations/<int:conversation_id>/messages", agents.MessagesApi.as_view()),
    path("conversations/<int:conversation_id>/upload", uploads.TeamUploadApi.as_view()),
    path("files/<uuid:file_id>", uploads.TeamFileApi.as_view()),
    path("conversations/<int:conversation_id>/resolve", agents.ResolveApi.as_view()),
    path("conversations/<int:conversation_id>/close", agents.CloseApi.as_view()),
    path("conversations/<int:conversation_id>/reopen", agents.ReopenApi.as_view()),
    path("conversations/<int:conversation_id>/assign/<uuid:agent_id>", agents.AssignApi.as_view()),
    path("contacts", contacts.ContactsApi.as_view()),
    path("contacts/<uuid:contact_id>", contacts.ContactApi.as_view()),
    path("contacts/<uuid:contact_id>/block", contacts.BlockApi.as_view()),
    path("contacts/<uuid:contact_id>/export", contacts.ExportApi.as_view()),
    path("companies", contacts.CompaniesApi.as_view()),
    path("companies/<uuid:company_id>", contacts.CompanyApi.as_view()),
    path("segments", contacts.SegmentsApi.as_view()),
    path("segments/<uuid:segment_id>", contacts.SegmentApi.as_view()),
    path("team/members", team.MembersApi.as_view()),
    path("team/members/<uuid:agent_id>", team.MemberApi.as_view()),
    path("team/invite", team.InviteApi.as_view()),
    path("team/status", team.StatusApi.as_view()),
    path("visitor/identify", identify.IdentifyApi.as_view()),
    path("visitor/session", identify.SessionApi.as_view()),
    path("visitor/conversations", visitors.VisitorConversationsApi.as_view()),
    path("visitor/conversations/<int:conversation_id>/messages", visitors.VisitorMessagesApi.as_view()),
    path("visitor/conversations/<int:conversation_id>/read", visitors.VisitorReadApi.as_view()),
    path("visitor/conversations/<int:conversation_id>/upload", uploads.VisitorUploadApi.as_view()),
    path("visitor/files/<uuid:file_id>", uploads.VisitorFileApi.as_view()),
]

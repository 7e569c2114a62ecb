"""Every write of conversations, one file per topic."""

from conversations.services.batch import MessageDraft, Posted
from conversations.services.changes import (
    conversation_assign,
    conversation_change,
    conversation_close,
    conversation_reopen,
    conversation_resolve,
)
from conversations.services.contacts import contact_block, contact_delete, contact_export, contact_update
from conversations.services.files import message_post_file
from conversations.services.identify import visitor_forget, visitor_identify
from conversations.services.marks import Mark, conversations_mark
from conversations.services.messages import check_content, message_post, messages_post
from conversations.services.presence import agent_set_status, agents_announce
from conversations.services.starts import Lead, conversation_start
from conversations.services.team import agent_remove

__all__ = [
    "Lead",
    "Mark",
    "MessageDraft",
    "Posted",
    "agent_remove",
    "agent_set_status",
    "agents_announce",
    "check_content",
    "contact_block",
    "contact_delete",
    "contact_export",
    "contact_update",
    "conversation_assign",
    "conversation_change",
    "conversation_close",
    "conversation_reopen",
    "conversation_resolve",
    "conversation_start",
    "conversations_mark",
    "message_post",
    "message_post_file",
    "messages_post",
    "visitor_forget",
    "visitor_identify",
]

"""Storing a message that is a file."""

from typing import Any
from uuid import UUID

from django.conf import settings

from auth_signing import limits
from auth_signing.callers import Caller
from conversations.files import file_forget, file_store
from conversations.models import Attachment
from conversations.services.batch import MessageDraft, Posted
from conversations.services.messages import message_post
from pingback.errors import BodyTooLarge


def message_post_file(
    *, caller: Caller, address: str, conversation_id: int, file: Any, content: str, client_id: UUID
) -> Posted:
    """`address`: the caller's. `content` "" is the file's name.

    Nothing is left behind when the message is refused, or was stored before.
    """
    limits.spend_upload(caller, address=address)
    if file.size > settings.MAX_UPLOAD_BYTES:
        raise BodyTooLarge
    stored = file_store(file)
    draft = MessageDraft(
        caller=caller,
        content=content or stored.name,
        client_id=client_id,
        conversation_id=conversation_id,
        files=(stored,),
    )
    try:
        return message_post(draft)
    finally:
        if not Attachment.objects.filter(key=stored.key).exists():
            file_forget(stored)

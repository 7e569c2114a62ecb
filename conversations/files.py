"""Files that come with messages: what they are, where they are kept, and how they are handed out.

Nobody's word is taken for what a file is: its content says. Only images that browsers draw safely are shown in place;
everything else is downloaded, as bytes.
"""

import re
from dataclasses import dataclass
from uuid import uuid4

import puremagic
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from conversations.models import SAFE_IMAGES, Attachment, Message
from pingback.errors import NotFound

ANY_BYTES = "application/octet-stream"
HEAD_BYTES = 8_192
LONGEST_NAME = 255
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # bidi marks can hide an extension


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is in the storage already, and not yet part of a message."""

    name: str
    content_type: str
    size: int
    key: str


def file_store(file: "File[bytes]") -> StoredFile:
    """Keep it under a name of ours. Whoever can't make a message of it forgets it again."""
    name = uuid4().hex
    content_type = type_of(file)
    file.seek(0)
    key = default_storage.save(f"{name[:2]}/{name}", file)
    return StoredFile(clean_name(file.name or ""), content_type, file.size, key)


def file_forget(file: StoredFile) -> None:
    default_storage.delete(file.key)


@receiver(post_delete, sender=Attachment)
def forget_with_row(instance: Attachment, **_: object) -> None:
    transaction.on_commit(lambda: default_storage.delete(instance.key), robust=True)


def attachment_of(file: StoredFile, message: Message) -> Attachment:
    return Attachment(message=message, name=file.name, content_type=file.content_type, size=file.size, key=file.key)


def clean_name(name: str) -> str:
    """The last part of a path, without what could mislead."""
    last = re.split(r"[/\\]", name)[-1]
    clean = UNPRINTABLE.sub("", last).strip(" .") or "file"
    stem, dot, extension = clean.rpartition(".")
    return clean if len(clean) <= LONGEST_NAME else f"{stem[: LONGEST_NAME - 20]}{dot}{extension[:19]}"


def type_of(file: "File[bytes]") -> str:
    """A safe image, or just bytes."""
    file.seek(0)
    try:
        found = puremagic.from_string(file.read(HEAD_BYTES), mime=True)
    except (puremagic.PureError, ValueError):
        return ANY_BYTES
    return found if found in SAFE_IMAGES else ANY_BYTES


def file_response(attachment: Attachment) -> HttpResponse:
    """Its bytes, for the browser to keep but never to run."""
    try:
        with default_storage.open(attachment.key) as file:
            response = HttpResponse(file.read(), content_type=attachment.content_type)
    except FileNotFoundError:
        raise NotFound("This file is gone.") from None
    response["Content-Disposition"] = (
        content_disposition_header(not attachment.is_image, attachment.name) or "attachment"
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response

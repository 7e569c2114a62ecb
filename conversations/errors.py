"""What conversations refuse."""

from pingback.errors import Refusal


class ConversationClosed(Refusal):
    code = "CONVERSATION_CLOSED"
    status = 409
    detail = "This conversation is closed."


class ContactBlocked(Refusal):
    code = "CONTACT_BLOCKED"
    status = 403
    detail = "You can't write here any more."


class EmailProven(Refusal):
    code = "EMAIL_PROVEN"
    status = 409
    detail = "A signature has proven this e-mail: only another one can change it."


class BadFrame(Refusal):
    code = "BAD_FRAME"
    status = 400
    detail = "This frame is not part of the protocol."


class HelloTimeout(Refusal):
    code = "HELLO_TIMEOUT"
    status = 408
    detail = "The first frame must be a hello, and come in time."


class Flood(Refusal):
    code = "FLOOD"
    status = 429
    detail = "Too many frames a second."


class BadForm(Refusal):
    code = "BAD_FORM"
    status = 400
    detail = "The form can't be read."


class NotMultipart(Refusal):
    code = "NOT_MULTIPART"
    status = 415
    detail = "Send the file as multipart/form-data."

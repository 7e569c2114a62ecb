"""What conversations refuse."""

from pingback.errors import Refusal


class ConversationClosed(Refusal):
    code = "CONVERSATION_CLOSED"
    status = 409
    detail = "This conversation is closed."

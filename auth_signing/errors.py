"""What can be refused about accounts, teams and signed requests."""

from pingback.errors import Refusal


class InvalidSignature(Refusal):
    """Says the same of an unknown key and of a wrong signature."""

    code = "INVALID_CREDENTIALS"
    status = 401
    detail = "The key and the signature do not fit this request."


class IdentityInvalid(Refusal):
    code = "IDENTITY_SIGNATURE_INVALID"
    status = 403
    detail = "The signature is neither of this id nor of this e-mail. The visitor stays anonymous."


class IdentityRequired(Refusal):
    code = "IDENTITY_SIGNATURE_REQUIRED"
    status = 403
    detail = "This business asks for a signature of who its visitors are. The visitor stays anonymous."


class RequestExpired(Refusal):
    code = "REQUEST_EXPIRED"
    status = 401
    detail = "X-Timestamp must be Unix seconds, within 300 of the server's clock (see the Date header)."


class UserRequired(Refusal):
    code = "USER_REQUIRED"
    status = 403
    detail = "This call is about a person: it takes a bearer token, no signature."


class RequestInProgress(Refusal):
    code = "REQUEST_IN_PROGRESS"
    status = 409
    detail = "The same signed request is being worked on. Send it again in a moment."


class BadCredentials(Refusal):
    code = "INVALID_CREDENTIALS"
    status = 401
    detail = "That e-mail and password do not match. Check both and try again."


class BusinessRequired(Refusal):
    code = "BUSINESS_REQUIRED"
    status = 403
    detail = "Your account does not belong to a business yet: create one, or ask an owner to invite you."


class AlreadyInBusiness(Refusal):
    code = "ALREADY_IN_BUSINESS"
    status = 409
    detail = "Your account belongs to a business already."


class RegistrationClosed(Refusal):
    code = "REGISTRATION_CLOSED"
    status = 403
    detail = "This installation takes no new accounts. Ask an owner to invite you."


class AlreadyMember(Refusal):
    code = "ALREADY_MEMBER"
    status = 409
    detail = "This person is on your team already."


class OwnerStays(Refusal):
    code = "OWNER_STAYS"
    status = 409
    detail = "A business keeps its owner."


class MailUnavailable(Refusal):
    code = "MAIL_UNAVAILABLE"
    status = 503
    detail = "The e-mail could not be sent. Nothing was stored; try again in a moment."

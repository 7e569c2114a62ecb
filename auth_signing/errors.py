"""What can be refused about accounts and teams."""

from pingback.errors import Refusal


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

"""What can be refused about widgets."""

from pingback.errors import Refusal


class WidgetExists(Refusal):
    code = "WIDGET_EXISTS"
    status = 400
    detail = "There is a widget for this domain already: only one widget per domain is allowed."

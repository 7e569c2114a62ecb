from django.contrib import admin
from django.http import HttpRequest

from widgets.models import Widget


@admin.register(Widget)
class WidgetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["name", "business", "domain", "is_default"]
    list_select_related = ["business"]
    search_fields = ["name", "domain", "business__name"]

    def has_delete_permission(self, request: HttpRequest, obj: Widget | None = None) -> bool:
        return False  # widgets are deleted softly, so that their conversations keep their origin

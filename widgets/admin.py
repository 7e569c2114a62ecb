from django.contrib import admin

from widgets.models import Widget


@admin.register(Widget)
class WidgetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["name", "business", "domain", "is_default"]
    list_select_related = ["business"]
    search_fields = ["name", "domain", "business__name"]

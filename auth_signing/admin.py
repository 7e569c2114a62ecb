"""People and businesses, for superusers: how the first ones of an installation are made.

The admin classes are generic in the stubs only.
"""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from auth_signing.forms import StaffSignInForm
from auth_signing.models import Agent, Business, User

admin.site.login_form = StaffSignInForm


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    ordering = ["email"]
    list_display = ["email", "full_name", "is_active", "is_staff"]
    search_fields = ["email", "full_name"]
    list_filter = ["is_active", "is_staff"]
    fieldsets = [
        (None, {"fields": ["email", "full_name", "password"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "full_name", "password1", "password2"]})]
    filter_horizontal = []


class AgentInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Agent
    extra = 0
    fields = ["user", "role"]
    autocomplete_fields = ["user"]


@admin.register(Business)
class BusinessAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "is_active", "created_at"]
    search_fields = ["name"]
    inlines = [AgentInline]

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class PingBackConfig(AppConfig):
    name = "pingback"


class CollectedStaticFiles(StaticFilesConfig):
    """Leaves out what no page of ours loads: compressing it would take a minute."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.js.map",
        "*-es-bundle*",
        "rest_framework",
        "redoc",
        "django_htmx/ext",
        "htma*",
        "htmx-4*",
    ]

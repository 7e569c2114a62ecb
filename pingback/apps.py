from django.apps import AppConfig


class PingBackConfig(AppConfig):
    name = "pingback"

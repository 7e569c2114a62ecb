from django.apps import AppConfig


class AuthSigningConfig(AppConfig):
    name = "auth_signing"

"""Signing in on a page: the same rules as over REST."""

import threading
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm
from django.core.exceptions import ValidationError

from auth_signing.services import user_authenticate
from pingback.errors import Refusal


def text(autocomplete: str) -> forms.TextInput:
    return forms.TextInput({"autocomplete": autocomplete})


def password(autocomplete: str) -> forms.PasswordInput:
    return forms.PasswordInput({"autocomplete": autocomplete})


class SignInForm(AuthenticationForm):
    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if self.request and email and password:
            address = self.request.META["REMOTE_ADDR"]
            try:
                self.user_cache = user_authenticate(email=email, password=password, address=address)
            except Refusal as refusal:
                raise ValidationError(refusal.detail, code=refusal.code) from refusal
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class ResetForm(PasswordResetForm):
    """The mail is sent beside the answer: how long it takes must not tell whether there is an account."""

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        threading.Thread(target=super().send_mail, args=args, kwargs=kwargs, name="password reset").start()


class JoinForm(forms.Form):
    """A new account; its e-mail is the invited one."""

    full_name = forms.CharField(max_length=150, label="Your name", widget=text("name"))
    password = forms.CharField(max_length=4096, label="Password", strip=False, widget=password("new-password"))


class StaffSignInForm(SignInForm, AdminAuthenticationForm):
    """For the admin."""

"""Pages of one's account: sign in, change or reset a password, join a team."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from auth_signing import limits
from auth_signing.forms import JoinForm, ResetForm, SignInForm
from auth_signing.invitations import invitation_accept, invitation_find, invitation_join
from auth_signing.models import Agent, Invitation, User
from pingback.errors import Invalid, Refusal

BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignIn(auth_views.LoginView):
    template_name = "account/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class PasswordChange(auth_views.PasswordChangeView):
    template_name = "account/password_change.html"
    success_url = reverse_lazy("password_changed")


class PasswordReset(auth_views.PasswordResetView):
    """Says the same whether or not there is such an account."""

    template_name = "account/password_reset.html"
    form_class = ResetForm
    email_template_name = "account/password_reset.txt"
    subject_template_name = "account/password_reset_subject.txt"
    success_url = reverse_lazy("password_reset_sent")
    extra_email_context = {"origin": settings.PUBLIC_URL}

    def form_valid(self, form: Any) -> HttpResponse:
        email, address = form.cleaned_data["email"], self.request.META["REMOTE_ADDR"]
        try:
            limits.spend_password_reset(email, address=address)
        except Refusal as refusal:
            form.add_error(None, ValidationError(refusal.detail))
            return self.form_invalid(form)
        return super().form_valid(form)


class PasswordResetConfirm(auth_views.PasswordResetConfirmView):
    template_name = "account/password_reset_confirm.html"
    success_url = reverse_lazy("sign_in")


@method_decorator(never_cache, name="dispatch")
class Join(View):
    """Behind the link of an invitation. Whoever has an account signs in first; others make one here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Refusal as refusal:
            return self.show({"refusal": refusal}, status=refusal.status)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.show(self.about(invitation_find(token)))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = invitation_find(token)
        about = self.about(invitation)
        if about["is_member"] or (about["has_account"] and not about["is_signed_in"]):
            return self.show(about)
        if about["has_account"]:
            user = User.objects.get(email=invitation.email)
            invitation_accept(token=token, user=user)
        else:
            form = JoinForm(request.POST)
            if not form.is_valid():
                return self.show(about | {"form": form}, status=422)
            try:
                user = invitation_join(token=token, **form.cleaned_data)
            except Invalid as refusal:
                for field, texts in refusal.errors.items():
                    form.add_error(field if field in form.fields else None, texts)
                return self.show(about | {"form": form}, status=422)
        login(request, user, BACKEND)
        return redirect("inbox")

    def about(self, invitation: Invitation) -> dict[str, Any]:
        account = User.objects.filter(email=invitation.email).first()
        return {
            "invitation": invitation,
            "has_account": account is not None,
            "is_signed_in": account is not None and self.request.user == account,
            "is_member": account is not None and Agent.objects.filter(user=account).exists(),
            "form": JoinForm(),
        }

    def show(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return render(self.request, "account/join.html", context, status=status)

"""All routes. Apps above the shell are included by name only."""

from django.urls import include, path

from workbench.views import account, audit, keyboard, people

shell = (
    [
        path("signin/", people.signin, name="signin"),
        path("signout/", people.signout, name="signout"),
        path("setup/<str:token>/", people.setup, name="setup"),
        path("account/", account.account, name="account"),
        path("account/language/", account.choose_language, name="language"),
        path("account/tokens/", account.make_token, name="tokens"),
        path("account/tokens/<uuid:api_token>/revoke/", account.revoke_token, name="token_revoke"),
        path("account/keys/", keyboard.keys, name="keys"),
        path("account/keys/single/", keyboard.single, name="keys_single"),
        path("healthz", people.health, name="health"),
        path("audit/", audit.log_page, name="audit"),
        path("audit/verify/", audit.verify, name="audit_verify"),
    ],
    "workbench",
)
urlpatterns = [
    path("", include(shell)),
    path("hashsets/", include("hashsets.urls")),
    path("exchange/", include("hashsets.views.exchange_urls")),
    path("api/v1/", include("cases.api.public.urls")),
    path("odata/v1/", include("hashsets.odata.urls")),
    path("", include("cases.urls")),
]
handler400 = "workbench.views.errors.bad_request"
handler404 = "workbench.views.errors.not_found"
handler403 = "workbench.views.errors.forbidden"
handler500 = "workbench.views.errors.failed"

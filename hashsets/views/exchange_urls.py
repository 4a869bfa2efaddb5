"""Routes of the exchange's pages."""

from django.urls import path

from hashsets.views import courier, exchange, exchange_terms

app_name = "exchange"
urlpatterns = [
    path("", exchange.index, name="list"),
    path("pair/", exchange.pair, name="pair"),
    path("unpack/", courier.unpack, name="unpack"),
    path("<uuid:peer_id>/", exchange.peer, name="peer"),
    path("<uuid:peer_id>/confirm/", exchange.confirm, name="confirm"),
    path("<uuid:peer_id>/suspend/", exchange.suspend, name="suspend"),
    path("<uuid:peer_id>/release/", exchange.release, name="release"),
    path("<uuid:peer_id>/credential/", exchange.credential, name="credential"),
    path("<uuid:peer_id>/scopes/", exchange_terms.allow, name="allow"),
    path("<uuid:peer_id>/voice/", exchange_terms.voice, name="voice"),
    path("<uuid:peer_id>/shares/", exchange_terms.share, name="share"),
    path("<uuid:peer_id>/shares/<uuid:share_id>/end/", exchange_terms.end_share, name="end_share"),
    path("<uuid:peer_id>/shares/<uuid:share_id>/package/", courier.package, name="package"),
    path("<uuid:peer_id>/subscribe/", exchange_terms.subscribe, name="subscribe"),
    path("<uuid:peer_id>/subscriptions/<uuid:subscription_id>/resume/", exchange_terms.resume, name="resume"),
    path("<uuid:peer_id>/pull/", exchange_terms.pull, name="pull"),
    path("<uuid:peer_id>/quarantine/<uuid:record_id>/settle/", exchange_terms.settle, name="settle"),
]

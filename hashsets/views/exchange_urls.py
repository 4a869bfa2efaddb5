"""Routes of the exchange's pages."""

from django.urls import path

from hashsets.views import courier, disputes, exchange, exchange_terms, sources, subscriptions

app_name = "exchange"
urlpatterns = [
    path("", exchange.index, name="list"),
    path("pair/", exchange.pair, name="pair"),
    path("disputes/", disputes.index, name="disputes"),
    path("unpack/", courier.unpack, name="unpack"),
    path("sources/", sources.index, name="sources"),
    path("sources/new/", sources.new, name="new_source"),
    path("sources/<uuid:source_id>/", sources.one, name="source"),
    path("sources/<uuid:source_id>/ask/", sources.ask, name="ask_source"),
    path("sources/<uuid:source_id>/pause/", sources.pause, name="pause_source"),
    path("sources/<uuid:source_id>/resume/", sources.resume, name="resume_source"),
    path("sources/<uuid:source_id>/restart/", sources.restart, name="restart_source"),
    path("sources/<uuid:source_id>/key/", sources.key, name="key_source"),
    path("sources/<uuid:source_id>/leave/", sources.leave, name="leave_source"),
    path("<uuid:peer_id>/", exchange.peer, name="peer"),
    path("<uuid:peer_id>/confirm/", exchange.confirm, name="confirm"),
    path("<uuid:peer_id>/suspend/", exchange.suspend, name="suspend"),
    path("<uuid:peer_id>/release/", exchange.release, name="release"),
    path("<uuid:peer_id>/credential/", exchange.credential, name="credential"),
    path("<uuid:peer_id>/scopes/", exchange_terms.allow, name="allow"),
    path("<uuid:peer_id>/voice/", exchange_terms.voice, name="voice"),
    path("<uuid:peer_id>/shares/", exchange_terms.share, name="share"),
    path("<uuid:peer_id>/shares/<uuid:share_id>/confirm/", exchange_terms.confirm_share, name="confirm_share"),
    path("<uuid:peer_id>/shares/<uuid:share_id>/end/", exchange_terms.end_share, name="end_share"),
    path("<uuid:peer_id>/shares/<uuid:share_id>/package/", courier.package, name="package"),
    path("<uuid:peer_id>/subscribe/", exchange_terms.subscribe, name="subscribe"),
    path("<uuid:peer_id>/subscriptions/<uuid:subscription_id>/", subscriptions.change, name="terms"),
    path("<uuid:peer_id>/subscriptions/<uuid:subscription_id>/end/", subscriptions.end, name="end_reading"),
    path("<uuid:peer_id>/subscriptions/<uuid:subscription_id>/resume/", subscriptions.resume, name="resume"),
    path("<uuid:peer_id>/pull/", exchange_terms.pull, name="pull"),
    path("<uuid:peer_id>/quarantine/<uuid:record_id>/settle/", exchange_terms.settle, name="settle"),
]

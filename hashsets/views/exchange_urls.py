"""Routes of the exchange's pages."""

from django.urls import path

from hashsets.views import courier, courier_uploads, exchange, exchange_certificates, exchange_terms

app_name = "exchange"
urlpatterns = [
    path("", exchange.index, name="list"),
    path("pair/", exchange.pair, name="pair"),
    path("unpack/", courier.unpack, name="unpack"),
    path("unpack/uploads/", courier_uploads.begin, name="package_uploads"),
    path("unpack/uploads/<uuid:package_upload_id>/", courier_uploads.upload, name="package_upload"),
    path("couriers/<uuid:package_run_id>/", courier.run, name="courier_run"),
    path("couriers/<uuid:package_run_id>/progress/", courier.progress, name="courier_progress"),
    path("couriers/<uuid:package_run_id>/cancel/", courier.cancel, name="courier_cancel"),
    path("couriers/<uuid:package_run_id>/again/", courier.again, name="courier_again"),
    path("<uuid:peer_id>/", exchange.peer, name="peer"),
    path("<uuid:peer_id>/confirm/", exchange.confirm, name="confirm"),
    path("<uuid:peer_id>/suspend/", exchange.suspend, name="suspend"),
    path("<uuid:peer_id>/release/", exchange.release, name="release"),
    path("<uuid:peer_id>/credential/", exchange.credential, name="credential"),
    path("<uuid:peer_id>/certificate/", exchange_certificates.certificate, name="certificate"),
    path("<uuid:peer_id>/certificate/confirm/", exchange_certificates.confirm, name="confirm_certificate"),
    path("<uuid:peer_id>/scopes/", exchange_terms.allow, name="allow"),
    path("<uuid:peer_id>/shares/", exchange_terms.share, name="share"),
    path("<uuid:peer_id>/shares/<uuid:share_id>/end/", exchange_terms.end_share, name="end_share"),
    path("<uuid:peer_id>/shares/<uuid:share_id>/package/", courier.package, name="package"),
    path("<uuid:peer_id>/subscriptions/<uuid:subscription_id>/opinions/", courier.opinions, name="opinions"),
    path("<uuid:peer_id>/packages/<uuid:package_id>/", courier.file, name="package_file"),
    path("<uuid:peer_id>/subscribe/", exchange_terms.subscribe, name="subscribe"),
    path("<uuid:peer_id>/subscriptions/<uuid:subscription_id>/resume/", exchange_terms.resume, name="resume"),
    path("<uuid:peer_id>/pull/", exchange_terms.pull, name="pull"),
    path("<uuid:peer_id>/quarantine/<uuid:record_id>/settle/", exchange_terms.settle, name="settle"),
]

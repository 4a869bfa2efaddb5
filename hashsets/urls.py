"""Routes of the hash sets."""

from django.urls import path

from hashsets.views import filters, finding, imports, list_uploads, lookups, policies, schemes, sets, versions

app_name = "hashsets"
urlpatterns = [
    path("", sets.index, name="list"),
    path("new/", sets.new, name="new"),
    path("lookup/", lookups.lookup, name="lookup"),
    path("imports/<uuid:run_id>/", imports.report, name="import_run"),
    path("imports/<uuid:run_id>/progress/", imports.progress, name="import_progress"),
    path("schemes/", schemes.index, name="schemes"),
    path("schemes/new/", schemes.new, name="new_scheme"),
    path("schemes/new-version/", schemes.new_version, name="new_scheme_version"),
    path("schemes/drafts/<uuid:draft_id>/", schemes.draft, name="scheme_draft"),
    path("schemes/drafts/<uuid:draft_id>/approve/", schemes.approve, name="approve_scheme"),
    path("schemes/drafts/<uuid:draft_id>/discard/", schemes.discard, name="discard_scheme"),
    path("schemes/<str:scheme_id>/<int:version>/", schemes.one, name="scheme"),
    path("imports/<uuid:run_id>/import/", imports.import_now, name="import_now"),
    path("<uuid:set_id>/", sets.one, name="set"),
    path("<uuid:set_id>/import/", imports.start, name="import"),
    path("<uuid:set_id>/uploads/", list_uploads.uploads, name="list_uploads"),
    path("uploads/<uuid:list_upload_id>/", list_uploads.upload, name="list_upload"),
    path("<uuid:set_id>/policy/", policies.policy, name="policy"),
    path("<uuid:set_id>/watch/", sets.watch, name="watch"),
    path("<uuid:set_id>/retire/", sets.retire, name="retire"),
    path("<uuid:set_id>/versions/", versions.index, name="versions"),
    path("<uuid:set_id>/versions/<int:old>/<int:new>/", versions.diff, name="diff"),
    path("<uuid:set_id>/versions/<int:version>/back/", versions.roll_back, name="rollback"),
    path("<uuid:set_id>/find/", finding.find, name="find"),
    path("<uuid:set_id>/overlap/", finding.overlap, name="overlap"),
    path("<uuid:set_id>/export/", sets.export, name="export"),
    path("<uuid:set_id>/filter/", filters.filter_, name="filter"),
]

"""Routes of the hash sets."""

from django.urls import path

from hashsets.views import imports, lookups, sets

app_name = "hashsets"
urlpatterns = [
    path("", sets.index, name="list"),
    path("new/", sets.new, name="new"),
    path("lookup/", lookups.lookup, name="lookup"),
    path("imports/<uuid:run_id>/", imports.report, name="import_run"),
    path("imports/<uuid:run_id>/progress/", imports.progress, name="import_progress"),
    path("<uuid:set_id>/", sets.one, name="set"),
    path("<uuid:set_id>/import/", imports.start, name="import"),
    path("<uuid:set_id>/policy/", sets.policy, name="policy"),
    path("<uuid:set_id>/retire/", sets.retire, name="retire"),
    path("<uuid:set_id>/export/", sets.export, name="export"),
]

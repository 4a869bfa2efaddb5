"""Routes of the public API; `workbench.middleware` knows them by the name space `api`."""

from django.urls import path

from cases.api.public import cases, decisions
from hashsets.api import lookups, sets
from workbench.api import schema

app_name = "api"
urlpatterns = [
    path("cases", cases.Cases.as_view(), name="cases"),
    path("cases/<uuid:case>", cases.CaseDetail.as_view(), name="case"),
    path("cases/<uuid:case>/contents", cases.Contents.as_view(), name="contents"),
    path("cases/<uuid:case>/decisions", decisions.Decisions.as_view(), name="decisions"),
    path("sets", sets.Sets.as_view(), name="sets"),
    path("sets/<uuid:set_id>", sets.SetOne.as_view(), name="set"),
    path("lookup", lookups.Lookup.as_view(), name="lookup"),
    path("schema/", schema.schema, name="schema"),
]

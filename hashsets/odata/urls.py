"""Routes of the exchange between nodes."""

from django.urls import path

from hashsets.odata import described, entries, files, lookups, media, node, opinions, packages, service, sets, tokens

app_name = "odata"
urlpatterns = [
    path("", service.Service.as_view(), name="service"),
    path("token", tokens.Token.as_view(), name="token"),
    path("openapi.json", described.described, name="openapi"),
    path("$metadata", service.Metadata.as_view(), name="metadata"),
    path("HashSets", sets.Sets.as_view(), name="sets"),
    path("HashSets(<uuid:set_id>)", sets.SetOne.as_view(), name="set"),
    path("HashSets(<uuid:set_id>)/Media", media.Media.as_view(), name="set_media"),
    path("HashSets(<uuid:set_id>)/Contribute", opinions.Contribute.as_view(), name="contribute"),
    path("HashSets(<uuid:set_id>)/Export", files.Export.as_view(), name="export"),
    path("HashSets(<uuid:set_id>)/Filter", files.Filter.as_view(), name="filter"),
    path("HashSets(<uuid:set_id>)/Packages", packages.Packages.as_view(), name="packages"),
    path("HashSets(<uuid:set_id>)/Packages(<uuid:package_id>)/$value", packages.PackageFile.as_view(), name="package"),
    path("Media(<uuid:entry_id>)", entries.Entry.as_view(), name="entry"),
    path("Media(<uuid:entry_id>)/Vote", opinions.Vote.as_view(), name="vote"),
    path("Media(<uuid:entry_id>)/Retract", opinions.Retract.as_view(), name="retract"),
    path("Media/ByHash(<str:parameters>)", entries.ByHash.as_view(), name="by_hash"),
    path("Lookup", lookups.Lookup.as_view(), name="lookup"),
    path("Range/<str:algo>/<str:prefix>", lookups.Range.as_view(), name="range"),
    path("Node", node.Node.as_view(), name="node"),
    path("Media", service.All.as_view(), name="all_media"),
    path("<path:rest>", service.Nothing.as_view(), name="nothing"),
]

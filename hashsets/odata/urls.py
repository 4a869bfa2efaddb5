"""Routes of the exchange between nodes."""

from django.urls import path

from hashsets.odata import media, node, service, sets, tokens

app_name = "odata"
urlpatterns = [
    path("", service.Service.as_view(), name="service"),
    path("Node", node.NodeView.as_view(), name="node"),
    path("token", tokens.Token.as_view(), name="token"),
    path("$metadata", service.Metadata.as_view(), name="metadata"),
    path("HashSets", sets.Sets.as_view(), name="sets"),
    path("HashSets(<uuid:set_id>)", sets.SetOne.as_view(), name="set"),
    path("HashSets(<uuid:set_id>)/Media", media.Media.as_view(), name="set_media"),
    path("Media", service.All.as_view(), name="all_media"),
    path("<path:rest>", service.Nothing.as_view(), name="nothing"),
]

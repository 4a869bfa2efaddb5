"""Routes of the cases: pages, pictures and the JSON interface."""

from django.urls import path

from cases.api import review as api
from cases.api import uploads
from cases.views import evidence, exports, home, investigations, items, media, problems, publishing, review

app_name = "cases"
urlpatterns = [
    path("", home.home, name="home"),
    path("goto/", home.goto, name="goto"),
    path("cases/", home.cases, name="list"),
    path("cases/new/", investigations.new, name="new"),
    path("cases/<uuid:case>/", investigations.case, name="case"),
    path("cases/<uuid:case>/edit/", investigations.edit, name="edit"),
    path("cases/<uuid:case>/members/", investigations.members, name="members"),
    path("cases/<uuid:case>/close/", investigations.close, name="close"),
    path("cases/<uuid:case>/evidence/new/", evidence.add_evidence, name="add_evidence"),
    path("cases/<uuid:case>/uploads/", evidence.upload_start, name="upload_start"),
    path("cases/<uuid:case>/problems/", problems.problem_list, name="problems"),
    path("cases/<uuid:case>/progress/", evidence.progress, name="progress"),
    path("exhibits/<uuid:exhibit>/files/", evidence.upload_files, name="upload_files"),
    path("exhibits/<uuid:exhibit>/files/done/", evidence.upload_done, name="upload_done"),
    path("exhibits/<uuid:exhibit>/<slug:act>/", evidence.exhibit_act, name="exhibit_act"),
    path("cases/<uuid:case>/items/", items.items, name="items"),
    path("cases/<uuid:case>/confirm/", items.confirm, name="confirm"),
    path("cases/<uuid:case>/next/", review.next_batch, name="next_batch"),
    path("cases/<uuid:case>/exports/", exports.exports, name="exports"),
    path("exports/", exports.all_exports, name="all_exports"),
    path("exports/<uuid:export>/file/", exports.export_file, name="export_file"),
    path("items/<uuid:item>/", items.item, name="item"),
    path("items/<uuid:item>/supersede/", items.supersede, name="supersede"),
    path("batches/<uuid:batch>/", review.batch, name="batch"),
    path("publish/", publishing.offers, name="publish"),
    path("publish/act/", publishing.act, name="offers_act"),
    path("media/<uuid:item>/veil", media.veil, name="media_veil"),
    path("media/<uuid:item>/clear", media.clear, name="media_clear"),
    path("media/<uuid:item>/frames/<int:number>/veil", media.veil_frame, name="media_frame_veil"),
    path("media/<uuid:item>/frames/<int:number>/clear", media.clear_frame, name="media_frame_clear"),
    path("api/v1/batches/<uuid:batch>", api.batch, name="api_batch"),
    path("api/v1/batches/<uuid:batch>/units", api.units, name="api_units"),
    path("api/v1/batches/<uuid:batch>/veils", api.veils, name="api_veils"),
    path("api/v1/batches/<uuid:batch>/changes", api.changes, name="api_changes"),
    path("api/v1/batches/<uuid:batch>/decisions", api.decisions, name="api_decisions"),
    path("api/v1/batches/<uuid:batch>/close", api.close, name="api_close"),
    path("api/v1/viewings", api.viewings, name="api_viewings"),
    path("api/v1/exhibits/<uuid:exhibit>/announced", uploads.announce, name="api_announce"),
    path("api/v1/exhibits/<uuid:exhibit>/uploads", uploads.uploads, name="api_uploads"),
    path("api/v1/uploads/<uuid:upload>", uploads.upload, name="api_upload"),
    path("api/v1/stacks/<uuid:stack>", api.stack, name="api_stack"),
]

"""The side menu of the administration: what stands there in which order, for those who may see it."""

from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# (group, [(model, icon of the Material Symbols that unfold brings along)])
_GROUPS: Final[list[tuple[Promise, list[tuple[str, str]]]]] = [
    (
        _("Photos and counts"),
        [
            ("photos.image", "photo_library"),
            ("photos.processingsession", "potted_plant"),
            ("photos.uploadsession", "cloud_upload"),
            ("photos.uploadjob", "task"),
            ("photos.correction", "edit_note"),
        ],
    ),
    (
        _("Stock"),
        [
            ("inventory.stockbatch", "inventory_2"),
            ("inventory.stockmovement", "swap_vert"),
            ("inventory.manualcount", "edit_note"),
        ],
    ),
    (
        _("Places"),
        [
            ("inventory.warehouse", "warehouse"),
            ("inventory.storagearea", "view_week"),
            ("inventory.storagelocation", "location_on"),
            ("inventory.storagelocationconfig", "tune"),
            ("inventory.storagebin", "inbox"),
            ("inventory.storagebintype", "category"),
        ],
    ),
    (
        _("Catalogue"),
        [
            ("inventory.product", "psychiatry"),
            ("inventory.productfamily", "account_tree"),
            ("inventory.productcategory", "folder"),
            ("inventory.productstate", "timeline"),
            ("inventory.productsize", "height"),
            ("inventory.packagingcatalog", "deployed_code"),
            ("inventory.packagingtype", "label"),
            ("inventory.packagingmaterial", "texture"),
            ("inventory.packagingcolor", "palette"),
            ("inventory.densityparameter", "grain"),
            ("photos.placecalibration", "straighten"),
        ],
    ),
    (
        _("Models"),
        [
            ("mlpipeline.modelversion", "model_training"),
            ("mlpipeline.evaluation", "speed"),
            ("mlpipeline.feedback", "feedback"),
            ("mlpipeline.productsampleimage", "image_search"),
            ("mlpipeline.prediction", "label"),
            ("mlpipeline.classifiedpicture", "image"),
        ],
    ),
    (
        _("People and machines"),
        [
            ("accounts.user", "group"),
            ("accounts.tokenfamily", "key"),
            ("demeter.workerheartbeat", "memory"),
            ("demeter.queuewatch", "visibility"),
            ("demeter.circuitbreaker", "electrical_services"),
            ("demeter.alert", "notifications"),
            ("demeter.alertdelivery", "outgoing_mail"),
            ("demeter.alertrecipient", "contact_mail"),
            ("photos.processingstep", "steps"),
            ("photos.resumableupload", "resume"),
            ("photos.uploadchunk", "splitscreen"),
        ],
    ),
    (
        _("Findings"),
        [
            ("photos.photocontainer", "crop_free"),
            ("photos.detection", "scatter_plot"),
            ("photos.estimation", "bar_chart"),
            ("photos.classification", "sell"),
            ("photos.calibrationsample", "query_stats"),
            ("photos.idempotencykey", "key"),
        ],
    ),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups and links that the user may view, as unfold's SIDEBAR setting wants them. Empty groups fall away."""
    groups = []
    for title, entries in _GROUPS:
        items = [item for model, icon in entries if (item := _item(request, model, icon)) is not None]
        if items:
            groups.append({"title": title, "separator": True, "collapsible": False, "items": items})
    return groups


def _item(request: HttpRequest, name: str, icon: str) -> dict[str, Any] | None:
    model = apps.get_model(name)
    if not admin.site.get_model_admin(model).has_view_permission(request):
        return None
    return {
        "title": capfirst(model._meta.verbose_name_plural),
        "icon": icon,
        "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
    }

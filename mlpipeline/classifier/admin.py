"""The classifier in the administration: what was asked, what people said of it, and the samples to learn from."""

from __future__ import annotations  # Django's files take no type argument at run time

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from demeter.accounts.models import User
from demeter.admin_base import ModelAdmin, ReadOnlyAdmin
from demeter.errors import DemeterError
from demeter.serving.admission import LargeBody, takes_large_body
from inventory.models import Product
from mlpipeline.classifier import queue
from mlpipeline.classifier.models import ClassifiedPicture, Feedback, Prediction, ProductSampleImage
from mlpipeline.classifier.picture_files import EXTENSIONS
from mlpipeline.classifier.services.feedback import correct
from mlpipeline.classifier.services.pictures import keep_picture, picture_url
from photos.upload_handlers import ReceivedForm

_ONE_PICTURE = LargeBody(max_bytes=settings.UPLOAD_MAX_FILE_BYTES, sink_of=ReceivedForm.of)


def _small(picture: ClassifiedPicture | None) -> SafeString | str:
    """For a column that leads to the row: its text is what the link is called."""
    return _image(picture, 96) if picture else "—"


def _large(picture: ClassifiedPicture | None) -> SafeString | str:
    """Leads to the picture itself."""
    return format_html('<a href="{}">{}</a>', picture_url(picture), _image(picture, 480)) if picture else "—"


def _image(picture: ClassifiedPicture, width_px: int) -> SafeString:
    html = '<img src="{}" alt="{}" loading="lazy" width="{}" class="rounded-default">'
    return format_html(html, picture_url(picture), picture.file_name, width_px)


class _WithPicture(ModelAdmin):
    """Rows beside their picture. Signed links expire, so no page with one is kept by a browser."""

    list_per_page = 25

    @display(description=gettext_lazy("picture"))
    def thumbnail(self, row: Any) -> SafeString | str:
        return _small(row.picture)

    @display(description=gettext_lazy("picture"))
    def large_picture(self, row: Any) -> SafeString | str:
        return _large(row.picture)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().changeform_view(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response


@admin.register(ClassifiedPicture)
class ClassifiedPictureAdmin(ReadOnlyAdmin, _WithPicture):
    """The pictures themselves, each once."""

    list_display = ["thumbnail", "file_name", "size_bytes", "created_at", "used_at"]
    list_display_links = ["thumbnail", "file_name"]
    search_fields = ["file_name", "sha256"]
    fields = ["large_picture", "file_name", "sha256", "size_bytes", "staging_key", "created_at", "used_at"]

    @display(description=gettext_lazy("picture"))
    def thumbnail(self, row: Any) -> SafeString | str:
        return _small(row)

    @display(description=gettext_lazy("picture"))
    def large_picture(self, row: Any) -> SafeString | str:
        return _large(row)


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin, _WithPicture):
    """What pictures were said to show."""

    list_display = [
        "thumbnail",
        "label",
        "score",
        "status",
        "model_name",
        "user",
        "created_at",
        "answered_at",
    ]
    list_display_links = ["thumbnail", "label"]
    list_filter = ["status", "model_name", "created_at"]
    list_select_related = ["picture", "user"]
    search_fields = ["label", "picture__file_name", "user__email"]
    fields = [
        "large_picture", "label", "score", "status", "error_code", "model_name", "model_sha256", "user", "created_at",
        "answered_at",
    ]  # fmt: skip


class _ProductChoice(forms.ModelForm):
    """What a picture shows, said by somebody who knows."""

    product = forms.ModelChoiceField(
        queryset=Product.objects.filter(is_active=True),
        required=False,
        widget=UnfoldAdminSelectWidget,
        label=gettext_lazy("It shows"),
        help_text=gettext_lazy(
            "With a product the picture becomes one of its samples, and the classifier learns from it."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sample = ProductSampleImage.objects.filter(feedback=self.instance).first()
        self.fields["product"].initial = sample.product_id if sample else None

    def clean_product(self) -> Product | None:
        product: Product | None = self.cleaned_data["product"]
        if product is not None and self.instance.picture_id is None:
            raise ValidationError(_("The picture is not here: nothing can be learned from it."))
        return product


@admin.register(Feedback)
class FeedbackAdmin(_WithPicture):
    """What people said of predictions: candidates to learn from. Supervisors say what a picture really shows."""

    form = _ProductChoice
    list_display = [
        "thumbnail",
        "predicted_class",
        "score",
        "feedback",
        "shown_product",
        "user",
        "created_at",
    ]
    list_display_links = ["thumbnail", "predicted_class"]
    list_filter = [("sample", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["picture", "user", "sample__product"]
    search_fields = ["feedback", "predicted_class", "image_file_name", "user__email"]
    fields = [
        "large_picture", "predicted_class", "score", "feedback", "product", "image_file_name", "user", "created_at"
    ]  # fmt: skip
    readonly_fields = [
        "large_picture", "predicted_class", "score", "feedback", "image_file_name", "user", "created_at"
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=gettext_lazy("it shows"))
    def shown_product(self, row: Feedback) -> str:
        sample = getattr(row, "sample", None)
        return str(sample.product) if sample else "—"

    def save_model(self, request: HttpRequest, obj: Feedback, form: Any, change: bool) -> None:
        """Feedback stays what was said; only the sample is written."""
        product = form.cleaned_data.get("product")
        if product is not None:
            correct(feedback=obj, product=product, user=cast(User, request.user))


class _SampleForm(forms.ModelForm):
    file = forms.FileField(
        label=gettext_lazy("picture"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(EXTENSIONS)}),
        help_text=gettext_lazy("PNG, JPEG or GIF of one plant, or of many of one product."),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            self.instance.picture = keep_picture(file)
        except DemeterError as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal
        return file


@admin.register(ProductSampleImage)
class ProductSampleImageAdmin(_WithPicture):
    """Pictures that show one product for sure."""

    list_display = ["thumbnail", "product", "sample_type", "is_primary", "created_by", "created_at"]
    list_display_links = ["thumbnail", "product"]
    list_filter = ["sample_type", "is_primary", "product"]
    list_select_related = ["picture", "product", "created_by"]
    search_fields = ["product__common_name", "product__scientific_name", "product__sku", "notes"]
    readonly_fields = ["large_picture", "created_by", "created_at", "feedback"]
    _facts = [
        "product", "sample_type", "is_primary", "product_state", "product_size", "storage_location", "captured_on",
        "notes",
    ]  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["file", *self._facts]
        return ["large_picture", *self._facts, "feedback", "created_by", "created_at"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = _SampleForm
        return super().get_form(request, obj, change, **kwargs)

    @method_decorator(takes_large_body(_ONE_PICTURE))
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().add_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: ProductSampleImage, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = cast(User, request.user)
        super().save_model(request, obj, form, change)
        if not change and obj.picture.staging_key:
            queue.send([], [obj.picture])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        messages.info(request, _("The classifier forgets deleted samples when it is trained again."))

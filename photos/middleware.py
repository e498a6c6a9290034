"""What follows from an answer about photos."""

import logging
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from demeter.errors import DATABASE_AWAY
from photos import queue
from photos.services.execution.old_pictures import make_cleared_again, make_full_pictures
from photos.wanted_pictures import noting_wanted_pictures

logger = logging.getLogger(__name__)


class WantedPicturesMiddleware:
    """Has the pictures that an answer lacks made: the next answer shows them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with noting_wanted_pictures() as wanted:
            response = self.get_response(request)
        if wanted:
            try:
                queue.send_steps(make_cleared_again(wanted.thumbnails, wanted.drawings))
                queue.send_steps(make_full_pictures(wanted.full_pictures))
            except DATABASE_AWAY as error:
                logger.warning("Pictures are left to the next who looks: %s", error)
        return response

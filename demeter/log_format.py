"""Log lines as JSON objects, for programs that collect them."""

import json
import logging
from datetime import UTC, datetime

from demeter.task_context import task_name_var


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, request_id, task, process, message and, after a fault, exception."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "task": task_name_var.get(),
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)

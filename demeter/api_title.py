"""What the API's description is called and how it names things: the settings of drf-spectacular."""

SPECTACULAR_SETTINGS = {
    "TITLE": "DemeterAI",
    "DESCRIPTION": "Counts the plants in nursery photos and keeps the stock.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",  # operations are grouped by what comes after it
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,  # a file is binary on the way in and never comes back
    "COMPONENT_SPLIT_PATCH": False,  # a PATCH here takes a whole request, not some fields of a row
    "PREPROCESSING_HOOKS": ["demeter.accounts.schema.without_slash"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "demeter.api_schema.add_health",
        "demeter.api_schema.add_head_of_uploads",
        "demeter.api_schema.add_error_codes",
    ],
    "ENUM_NAME_OVERRIDES": {
        "JobStatusEnum": "photos.choices.JobStatus",
        "ImageStatusEnum": "photos.choices.ImageStatus",
        "SessionStatusEnum": "photos.choices.SessionStatus",
        "CountWarningEnum": "photos.choices.CountWarning",
        "ContainerTypeEnum": "photos.choices.ContainerType",
        "WarehouseTypeEnum": "inventory.choices.WarehouseType",
        "AreaPositionEnum": "inventory.choices.AreaPosition",
        "AcceptedStatusEnum": ["accepted"],
        "RoleEnum": "demeter.accounts.choices.Role",
    },
}

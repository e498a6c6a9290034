"""The filter stage: which detections of a photo count. One rule a module; `filter_detections` has their order."""

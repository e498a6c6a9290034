"""What browsers may load and use on our pages (demeter.security_headers)."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

# Own files alone: no inline script or style, no other host. The store's address is added where links lead to it.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],  # blob: a picture that was chosen and not sent yet
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# Pages that others have written, by the beginning of their paths: what they need beyond ours.
CONTENT_SECURITY_POLICY_OF_OTHERS = {
    # Unfold's pages: Alpine.js evaluates attributes; its styles and some scripts stand in the page.
    "/admin/": {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]},
    "/api/v1/docs": {"style-src": [UNSAFE_INLINE]},  # Swagger UI sets styles by attributes
}
# Places are named by a code in front of the camera, or by where the phone is; a page needs nothing else of a device.
PERMISSIONS_POLICY = (
    "camera=(self), geolocation=(self), microphone=(), display-capture=(), payment=(), usb=(), serial=()"
)

"""The circuit breaker before the stores that keep pictures.

Staging is outside it: uploads are taken, and photos counted from there, while the store is away.
"""

from demeter.breakers.breaker import ServiceBreaker
from demeter.choices import BreakerName
from photos.errors import StoreUnavailable
from photos.store_errors import store_unavailable

STORE_BREAKER = ServiceBreaker(
    BreakerName.STORE,
    faults=(StoreUnavailable,),
    proofs=(FileNotFoundError,),  # a store that says so has answered
    refusal=store_unavailable,
)

"""What Prometheus may ask of this process (`/metrics`). Seconds are wall clock."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

SOCKETS = Gauge("pingback_sockets", "Open sockets.", ["side"])
SOCKETS_ENDED = Counter("pingback_sockets_ended", "Sockets that this side has ended, by close code.", ["code"])
QUEUE = Gauge("pingback_queue", "What waits: messages for the writer, batches for the bus.", ["queue"])
BATCH = Histogram("pingback_batch_messages", "Messages in one transaction.", buckets=(1, 2, 5, 10, 20, 50, 100))
COMMIT = Histogram("pingback_commit_seconds", "One batch, from its start until it is committed.", buckets=SECONDS)
DELIVERY = Histogram(
    "pingback_delivery_seconds",
    "The oldest message of each batch, from its arrival until it was acknowledged and handed to those who listen.",
    buckets=SECONDS,
)

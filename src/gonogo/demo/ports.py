"""The ports that the demo asks for first; each falls back to any free one."""

HTTPS_PORT = 18443
HTTP_PORT = 18080
COLLECTOR_PORT = 18444
DATABASE_PORT = 18432

# Images of DemeterAI. `web` serves pages and the API and holds no model library; `worker` counts, draws and stores;
# `populate` makes the demo's users and ends; `test` runs the tests while it is built. The GPU build of torch runs on a
# CPU too, so there is one worker image.

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    DEMETER_DATA_HOME=/data
# A fixed number: volumes keep their owner when an image is built again.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin demeter \
    && mkdir /app /data \
    && chown demeter:demeter /app /data
WORKDIR /app

FROM base AS web-packages
COPY requirements-web.txt ./
RUN python -m venv /opt/venv && pip install -r requirements-web.txt

FROM web-packages AS worker-packages
COPY requirements.txt ./
RUN pip install -r requirements.txt

FROM base AS web
COPY --from=web-packages /opt/venv /opt/venv
COPY --chown=demeter:demeter . .
USER demeter
ARG DEMETER_COMMIT=""
ENV DEMETER_COMMIT=$DEMETER_COMMIT
# With a throw-away data home: the signing key that is made on the way must not be part of an image.
RUN DEMETER_DATA_HOME=/tmp/build python manage.py shell --verbosity 0 --command \
    "from demeter.static_collection import collect_static_if_changed; collect_static_if_changed()" \
    && rm -r /tmp/build
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "stack", "--only", "web", "--host", "0.0.0.0"]

FROM web AS populate
# Of docker-compose.yml, on its network. DATABASE_URL goes before it.
ENV DATABASE_HOST=db
CMD ["python", "manage.py", "populate_db"]

FROM base AS worker
# OpenCV draws and decodes, but its wheel expects these of the system.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 libxcb1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=worker-packages /opt/venv /opt/venv
COPY --chown=demeter:demeter . .
USER demeter
ARG DEMETER_COMMIT=""
ENV DEMETER_COMMIT=$DEMETER_COMMIT
# Kernels are compiled for the processor that runs them, so not here; on the volume they outlive the container, whose
# own files are read-only. So does what libraries would write below the home folder.
ENV NUMBA_CACHE_DIR=/data/cache/kernels \
    MPLCONFIGDIR=/data/cache/matplotlib \
    XDG_CACHE_HOME=/data/cache \
    XDG_CONFIG_HOME=/data/cache/config
VOLUME /data
CMD ["python", "manage.py", "stack", "--only", "worker-gpu", "worker-cpu", "worker-io", "worker-default"]

FROM worker AS test
USER root
# The servers of the topology test, which starts private ones itself, and the browser of the pages' tests.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium make postgresql redis-server \
    && rm -rf /var/lib/apt/lists/*
RUN pip install -r requirements-dev.txt
USER demeter
RUN make servers
ENV DEMETER_DATA_HOME=/tmp/demeter DEMETER_REQUIRE_SERVERS=1 DEMETER_REQUIRE_BROWSER=1
# docker build --target test .    A part of them: --build-arg PYTEST_ARGS=tests/inventory
ARG PYTEST_ARGS=""
# hadolint ignore=SC2086
RUN python -m pytest -n logical --dist loadfile $PYTEST_ARGS
CMD ["python", "-m", "pytest"]

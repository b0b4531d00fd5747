# syntax=docker/dockerfile:1

# The explorer, for the binary to hold.
FROM node:22-bookworm-slim AS explorer
WORKDIR /hindsight
COPY . .
RUN cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run build

FROM rust:1.95-bookworm AS build
WORKDIR /hindsight
COPY . .
COPY --from=explorer /hindsight/web/dist web/dist
RUN cargo build --locked --release

FROM debian:bookworm-slim
RUN useradd --system --user-group --uid 10001 --home-dir /data --create-home hindsight
COPY --from=build /hindsight/target/release/hindsight /usr/local/bin/hindsight
# Where embedded SQLite keeps its files, unless HINDSIGHT_DATABASE_URL says otherwise.
WORKDIR /data
VOLUME /data
USER hindsight
ENV HINDSIGHT_LISTEN=0.0.0.0:8080
EXPOSE 8080
# bash opens the connection itself, so that the image needs no HTTP client.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["bash", "-c", "\
    exec 3<>/dev/tcp/127.0.0.1/8080 && \
    printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && \
    read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["hindsight"]
CMD ["serve"]

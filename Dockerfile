# syntax=docker/dockerfile:1

FROM rust:1.90-bookworm AS build
WORKDIR /src
COPY . .
# Registry and build folder stay between builds; the binary is copied out of the cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --bin pelton \
    && cp target/dist/pelton /usr/local/bin/pelton

FROM debian:bookworm-slim
# For TLS connections to Kafka and to receivers of alerts.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home pelton \
    && install -d -o pelton -g pelton /state
COPY --from=build /usr/local/bin/pelton /usr/local/bin/pelton
COPY pipelines /pipelines
USER pelton
VOLUME /state
EXPOSE 6066
# The image has no curl: bash speaks enough HTTP to ask.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/6066 && printf 'GET /ready HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["pelton"]
CMD ["run", "/pipelines/user_events.sql", "--http", "0.0.0.0:6066", "--state-dir", "/state"]

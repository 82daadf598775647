# syntax=docker/dockerfile:1
# docker build -t ong .      The image's entry point is the command `ong`.

FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      libpq-dev libsimdjson-dev libpango1.0-dev libcairo2-dev libcurl4-openssl-dev libsodium-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The dependencies first: a layer that a change of the sources leaves standing.
COPY Package.swift ./
COPY Plugins ./Plugins
RUN swift package resolve
COPY . .
RUN swift build --configuration release --product ong --static-swift-stdlib \
    && mkdir -p /out \
    && cp "$(swift build --configuration release --product ong --static-swift-stdlib --show-bin-path)/ong" /out/ong \
    && strip /out/ong

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
      libpq5 libsimdjson14 libpangocairo-1.0-0 libcurl4 libsodium23 libstdc++6 fonts-croscore tzdata ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/ong ong
COPY --from=build /out/ong /usr/local/bin/ong
USER ong
WORKDIR /var/lib/ong
ENTRYPOINT ["ong"]
CMD ["--help"]

# Two images from one file: `docker build --target indexer .` and `docker build --target server .` (the last one).
FROM swift:6.3-bookworm AS build
WORKDIR /src
COPY scripts/setup scripts/models scripts/
RUN scripts/setup build && scripts/setup models
COPY . .
RUN swift build -c release --static-swift-stdlib --product acervo \
  && swift build -c release --static-swift-stdlib --product acervo-serve \
  && install -D -t /out "$(swift build -c release --show-bin-path)/acervo" \
       "$(swift build -c release --show-bin-path)/acervo-serve" \
  && strip /out/*

FROM debian:bookworm-slim AS base
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates curl libcld2-0 libcurl4 libicu72 liblmdb0 libmicrohttpd12 \
       libssl3 libstemmer0d libwslay1 libyaml-0-2 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --create-home acervo \
  && install -d -o acervo /snapshots
COPY --from=build /src/models /usr/share/acervo/models
ENV ACERVO_MODELS=/usr/share/acervo/models
USER acervo
VOLUME /snapshots

FROM base AS indexer
USER root
RUN apt-get update \
  && apt-get install -y --no-install-recommends libcmark-gfm0.29.0.gfm.6 libcmark-gfm-extensions0.29.0.gfm.6 \
       libcurl4 libicu72 libpq5 libuchardet0 libxml2 libyaml-0-2 tzdata zlib1g \
       pandoc poppler-utils \
  && rm -rf /var/lib/apt/lists/*
USER acervo
COPY --from=build /out/acervo /usr/local/bin/
ENTRYPOINT ["acervo"]
CMD ["--help"]

FROM base AS server
COPY --from=build /out/acervo-serve /usr/local/bin/
# It listens to the network, so it starts only when it knows who asks: give ACERVO_API_KEY, or other options in place of
# these.
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["curl", "-fsS", "http://127.0.0.1:8080/ready"]
ENTRYPOINT ["acervo-serve"]
CMD ["--snapshots", "/snapshots", "--listen", "0.0.0.0", "--port", "8080"]

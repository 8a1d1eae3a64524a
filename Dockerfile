# Every program of Gauntlet in one image; docker-compose.yml says which one a service runs.
# Both bases can be replaced: docker build --build-arg SWIFT_IMAGE=... --build-arg RUN_IMAGE=...
ARG SWIFT_IMAGE=swift:6.3-bookworm
ARG RUN_IMAGE=debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
    pkg-config libhiredis-dev libpq-dev libnl-3-dev libnl-route-3-dev libnl-nf-3-dev nettle-dev
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
# In one layer with what is kept of it: the programs, and of the toolchain only the libraries that they are linked with.
RUN GAUNTLET_PROGRAMS_ONLY=1 swift build -c release -debug-info-format none \
    && mkdir -p /out/bin /out/lib && cd .build/release \
    && cp gauntlet feed-replayer broker-stub governor rogue-governor chaos-agent observer lab-init /out/bin/ \
    && strip /out/bin/* \
    && ldd /out/bin/* | awk '$3 ~ /swift\/linux/ { print $3 }' | sort -u | xargs -I{} cp {} /out/lib/ \
    && rm -rf /source/.build

FROM ${RUN_IMAGE} AS run
RUN apt-get update && apt-get install -y --no-install-recommends \
    libcurl4 libhiredis0.14 libpq5 libnl-3-200 libnl-route-3-200 libnl-nf-3-200 libnettle8 libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/lib/ /usr/local/lib/swift/
RUN echo /usr/local/lib/swift >/etc/ld.so.conf.d/swift.conf && ldconfig
COPY --from=build /out/bin/ /usr/local/bin/
COPY chaos /opt/gauntlet/chaos
COPY topology /opt/gauntlet/topology
COPY data /opt/gauntlet/data
WORKDIR /opt/gauntlet
CMD ["gauntlet", "--help"]

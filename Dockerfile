# The build has no .git: docker-compose.yml passes the version and the commit.
ARG VERSION=unknown
ARG REVISION=unknown

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION
ARG REVISION
RUN OUT=/out PREFLIGHT_VERSION=$VERSION PREFLIGHT_REVISION=$REVISION scripts/build ./cmd/preflight ./cmd/preflight-serve ./cmd/preflight-webhook

FROM alpine:3.22
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title=preflight \
      org.opencontainers.image.source=https://github.com/alertnative/preflight \
      org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
# The checker needs git for the checkout. The user is fixed, with a folder that
# it may write.
RUN apk add --no-cache ca-certificates git tzdata \
 && adduser -D -u 10001 preflight \
 && install -d -o preflight /data
COPY --from=build /out/ /usr/local/bin/
USER preflight
VOLUME /data
EXPOSE 9916 9917
CMD ["preflight", "--help"]

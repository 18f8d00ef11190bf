FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -gcflags=github.com/redis/go-redis/...=-l -ldflags="-s -w" -o /out/ ./cmd/preflight ./cmd/preflight-webhook

FROM alpine:3.22
# git: the checker looks at a checkout. A fixed user, and a folder it may write.
RUN apk add --no-cache ca-certificates git tzdata \
 && adduser -D -u 10001 preflight \
 && install -d -o preflight /data
COPY --from=build /out/ /usr/local/bin/
USER preflight
VOLUME /data
EXPOSE 9916 9917
CMD ["preflight", "--help"]

# The runtime on the CPU, for linux/amd64 and linux/arm64. Build from the repository's root:
#   docker buildx build --platform linux/amd64,linux/arm64 --file docker/runtime.Dockerfile .
# Name images by digest where the build has to be repeatable: --build-arg BASE=mcr.microsoft.com/dotnet/aspnet@sha256:...
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0
ARG BASE=mcr.microsoft.com/dotnet/aspnet:10.0

# Compiles on the machine's own platform for the one that is asked for: nothing is emulated.
FROM --platform=$BUILDPLATFORM ${SDK} AS build
ARG TARGETARCH
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Runtime src/Runtime
RUN case "$TARGETARCH" in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) echo "no $TARGETARCH" >&2; exit 1 ;; esac \
    && dotnet publish src/Runtime --configuration Release --runtime "$rid" --no-self-contained -p:UseAppHost=false --output /out/app \
    && mkdir /out/cache

FROM ${BASE}
COPY --from=build /out/app /app
# Only the runtime's user may write here; what lies in it is loaded.
COPY --from=build --chown=$APP_UID:$APP_UID --chmod=0700 /out/cache /cache
USER $APP_UID
ENV Ops__Runtime__Urls=http://0.0.0.0:8080 Ops__Runtime__CacheFolder=/cache
EXPOSE 8080
ENTRYPOINT ["dotnet", "/app/Ops.Runtime.dll"]
CMD ["--config", "/config/runtime.json"]

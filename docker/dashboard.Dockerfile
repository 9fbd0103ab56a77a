# The dashboard with the runtime that its local target starts, for linux/amd64 and linux/arm64. Build from the repository's root:
#   docker buildx build --platform linux/amd64,linux/arm64 --file docker/dashboard.Dockerfile .
# Name images by digest where the build has to be repeatable: --build-arg BASE=mcr.microsoft.com/dotnet/aspnet@sha256:...
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0
ARG BASE=mcr.microsoft.com/dotnet/aspnet:10.0

# Compiles on the machine's own platform for the one that is asked for: nothing is emulated.
FROM --platform=$BUILDPLATFORM ${SDK} AS build
ARG TARGETARCH
# npm brings the browser's libraries; each of their files is checked against its SHA-256.
RUN command -v npm >/dev/null || (apt-get update && apt-get install -y --no-install-recommends npm && rm -rf /var/lib/apt/lists/*)
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src src
# The runtime is published beside the dashboard rather than copied from its build, since it brings native code of the platform that is asked for.
RUN case "$TARGETARCH" in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) echo "no $TARGETARCH" >&2; exit 1 ;; esac \
    && dotnet publish src/Dashboard --configuration Release -p:UseAppHost=false --output /out/app \
    && rm -rf /out/app/runtime \
    && dotnet publish src/Runtime --configuration Release --runtime "$rid" --no-self-contained -p:UseAppHost=false --output /out/app/runtime \
    && mkdir /out/data

FROM ${BASE}
# Stores of kind git are kept with the git program.
RUN apt-get update && apt-get install -y --no-install-recommends git git-lfs && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/app /app
COPY --from=build --chown=$APP_UID:$APP_UID --chmod=0700 /out/data /data
WORKDIR /app
USER $APP_UID
ENV ASPNETCORE_URLS=http://+:8080 Ops__DataPath=/data DOTNET_EnableDiagnostics=0
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["dotnet", "/app/Ops.Dashboard.dll"]

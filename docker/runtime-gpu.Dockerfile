# The runtime with CUDA, for linux/amd64. Build from the repository's root, naming an image that has CUDA 13 and cuDNN 9 by its digest:
#   docker build --file docker/runtime-gpu.Dockerfile --build-arg CUDA=nvidia/cuda@sha256:<a *-cudnn-runtime-ubuntu image> .
# Start it with --gpus. The provider tensorrt also needs TensorRT 10 (libnvinfer, libnvonnxparser), which these images do not have.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0
ARG DOTNET=mcr.microsoft.com/dotnet/aspnet:10.0
ARG CUDA

FROM ${SDK} AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Runtime src/Runtime
RUN dotnet publish src/Runtime --configuration Release --runtime linux-x64 --no-self-contained -p:UseAppHost=false -p:OnnxRuntimeGpu=true --output /out/app \
    && mkdir /out/cache

FROM ${DOTNET} AS dotnet

FROM ${CUDA}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates openssl && rm -rf /var/lib/apt/lists/*
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet
COPY --from=build /out/app /app
# Only the runtime's user may write here; what lies in it is loaded.
COPY --from=build --chown=1654:1654 --chmod=0700 /out/cache /cache
USER 1654
ENV Ops__Runtime__Urls=http://0.0.0.0:8080 Ops__Runtime__CacheFolder=/cache
EXPOSE 8080
ENTRYPOINT ["/usr/share/dotnet/dotnet", "/app/Ops.Runtime.dll"]
CMD ["--config", "/config/runtime.json"]

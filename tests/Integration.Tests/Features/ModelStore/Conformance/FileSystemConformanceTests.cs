using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Hosting;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

public sealed class FileSystemConformanceTests : StoreConformance, IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-store-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    private protected override Task<IModelStore> StoreAsync() => Task.FromResult<IModelStore>(new FileSystemStore(new DataFolder(root)));
}

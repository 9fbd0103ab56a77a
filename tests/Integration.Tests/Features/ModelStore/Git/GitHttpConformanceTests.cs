using Ops.Dashboard.Features.ModelStore;
using Ops.Integration.Tests.Features.ModelStore.Conformance;

namespace Ops.Integration.Tests.Features.ModelStore.Git;

public sealed class GitHttpConformanceTests : StoreConformance, IAsyncLifetime
{
    private readonly GitPlace place = new();
    private GitHttpServer? server;

    public async ValueTask InitializeAsync() => server = await GitHttpServer.StartAsync(place.Served);

    public async ValueTask DisposeAsync()
    {
        await server!.DisposeAsync();
        place.Dispose();
    }

    private protected override Task<IModelStore> StoreAsync() => Task.FromResult<IModelStore>(place.Store(address: server!.Address, token: GitHttpServer.Token));
}

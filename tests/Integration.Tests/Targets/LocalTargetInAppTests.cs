using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Targets;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Targets;

/// <summary>The local target inside the application: registry, model store and runtime are the real ones.</summary>
public sealed class LocalTargetInAppTests
{
    [Fact]
    public async Task StablePlan_RunsFromTheStore_AndAgainAfterARestart()
    {
        await using var app = await OpsApp.StartAsync();
        var (endpoint, revision) = await ArrangeAsync(app);
        await ApplyAsync(app, endpoint, revision);
        var before = await UntilAsync(app, endpoint, r => r is [{ Phase: ReplicaPhase.Ready }]);

        await app.RestartAsync();
        var after = await UntilAsync(app, endpoint, r => r is [{ Phase: ReplicaPhase.Ready }]);

        Assert.Equal(before[0].Id, after[0].Id);
        Assert.NotEqual(before[0].ProcessId, after[0].ProcessId);
    }

    [Fact]
    public async Task Version_ChangedInTheRegistryAfterThePlan_IsNotStarted()
    {
        await using var app = await OpsApp.StartAsync();
        var (endpoint, revision) = await ArrangeAsync(app);
        await using (var db = app.OpenRegistry())
        {
            await db.VersionFiles.Where(f => f.VersionId == revision.Plan.VersionId).ExecuteUpdateAsync(f => f.SetProperty(x => x.Sha256, new string('b', 64)));
        }

        await ApplyAsync(app, endpoint, revision);

        var seen = await UntilAsync(app, endpoint, r => r is [{ Phase: ReplicaPhase.Failed }]);
        Assert.Contains("digest is another", seen[0].Reason, StringComparison.Ordinal);
        Assert.Null(seen[0].ProcessId);
    }

    [Fact]
    public async Task Inventory_OfTheSeededTarget_TellsThisMachineAndItsPromises()
    {
        await using var app = await OpsApp.StartAsync();
        var (endpoint, revision) = await ArrangeAsync(app);
        await ApplyAsync(app, endpoint, revision);
        await using var db = app.OpenRegistry();
        var target = await db.Targets.AsNoTracking().SingleAsync(t => t.Kind == TargetKinds.Local);

        var inventory = await app.Services.GetRequiredService<TargetDrivers>().Find(target)!.GetInventoryAsync(target, CancellationToken.None);

        var node = Assert.Single(inventory.Nodes);
        Assert.InRange(node.CpuCores, 0.1, Environment.ProcessorCount);
        Assert.InRange(node.MemoryFreeBytes, 1, node.MemoryBytes);
        Assert.Equal(256L * 1024 * 1024, node.MemoryPromisedBytes);
        Assert.True(node.Gpus.Count > 0 || node.GpuNote is not null);
    }

    private static async Task<(EndpointRef Endpoint, RevisionSpec Revision)> ArrangeAsync(OpsApp app)
    {
        await using var db = app.OpenRegistry();
        return await StableDigits.ArrangeAsync(db, app.Services.GetRequiredService<ModelStores>().Default, replicas: 1, memoryMiB: 256);
    }

    private static Task ApplyAsync(OpsApp app, EndpointRef endpoint, RevisionSpec revision) =>
        app.Services.GetServices<ITargetDriver>().Single(d => d.Kind == TargetKinds.Local).ApplyAsync(endpoint, [revision], CancellationToken.None);

    private static async Task<IReadOnlyList<ReplicaObservation>> UntilAsync(OpsApp app, EndpointRef endpoint, Func<IReadOnlyList<ReplicaObservation>, bool> condition)
    {
        var observed = app.Services.GetRequiredService<ObservedEndpoints>();
        for (var i = 0; i < 1500; i++)
        {
            if (observed.Find(endpoint.Id) is { } seen && condition(seen.Replicas))
            {
                return seen.Replicas;
            }

            await Task.Delay(20);
        }

        Assert.Fail($"Not within 30 s; seen: {string.Join("; ", observed.Find(endpoint.Id)?.Replicas.Select(r => $"{r.Phase} {r.Reason}") ?? ["nothing"])}");
        return [];
    }
}

using k8s;
using k8s.Models;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

public sealed class LeftObjectsTests : IAsyncLifetime
{
    private readonly FakeCluster cluster = new();
    private readonly Turn turn = new();
    private OpsWorld world = null!;
    private Guid target;

    public async ValueTask InitializeAsync()
    {
        world = await OpsWorld.CreateAsync();
        await using var db = world.Open();
        var cluster = Target.Create(new() { Id = Guid.CreateVersion7(), Name = "lab", Kind = TargetKinds.Kubernetes, Environment = TargetEnvironment.Dev, SettingsJson = "{}", ByName = "administrator", Now = world.Time.GetUtcNow() }).Value;
        db.Targets.Add(cluster);
        await db.SaveChangesAsync();
        target = cluster.Id;
    }

    [Fact]
    public async Task Of_ObjectsOfAnUnknownEndpoint_AreListedAndThoseOfAKnownOneAndOfOthersAreNot()
    {
        var (left, known) = (new EndpointRef(Guid.NewGuid(), "old", target), await KnownAsync());
        Put<V1Deployment>("Deployment", "old-1", left, new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        Put<V1Service>("Service", "old", left, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Put<V1Service>("Service", "old-1", left, null);
        Put<V1Service>("Service", "known", known, null);
        cluster.Show(new V1Service { Kind = "Service", Metadata = new() { Name = "somebody", Labels = new Dictionary<string, string> { [ObjectLabels.EndpointId] = left.Id.ToString() } } });

        var one = Assert.Single(await Left.OfAsync(target, default));

        Assert.Equal((left.Id, "old", "Deployment, 2 × Service", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), (one.EndpointId, one.Name, one.Words, one.Since));
        cluster.Problem = "It does not answer.";
        Assert.Empty(await Left.OfAsync(target, default));
    }

    [Fact]
    public async Task Delete_ByAnAdministrator_TakesOnlyThatEndpointsAndIsAudited()
    {
        EndpointRef left = new(Guid.NewGuid(), "old", target), other = new(Guid.NewGuid(), "other", target);
        Put<V1Deployment>("Deployment", "old-1", left, null);
        Put<V1Secret>("Secret", "old-1-fetch", left, null);
        Put<V1Deployment>("Deployment", "other-1", other, null);

        Assert.True((await Left.DeleteAsync(world.As("administrator"), target, left.Id, "cleaned up")).Succeeded);

        Assert.Equal(["delete Deployment/old-1", "delete Secret/old-1-fetch"], cluster.Calls);
        Assert.Equal("other", Assert.Single(await Left.OfAsync(target, default)).Name);
        var entry = Assert.Single(await world.AuditAsync("target.delete-left"));
        Assert.Equal(("lab", "cleaned up"), (entry.SubjectName, entry.Reason));
        Assert.Contains("Secret old-1-fetch", entry.BeforeJson, StringComparison.Ordinal);
        Assert.Equal(FailureKind.Conflict, (await Left.DeleteAsync(world.As("administrator"), target, left.Id, null)).Failure?.Kind);
    }

    [Fact]
    public async Task Delete_WithoutTheRight_OfAKnownEndpointOrOutOfTurn_DeletesNothing()
    {
        var (left, known) = (new EndpointRef(Guid.NewGuid(), "old", target), await KnownAsync());
        Put<V1Deployment>("Deployment", "old-1", left, null);
        Put<V1Deployment>("Deployment", "known-1", known, null);

        Assert.Equal(FailureKind.Forbidden, (await Left.DeleteAsync(world.As("operator"), target, left.Id, null)).Failure?.Kind);
        Assert.Equal(FailureKind.Conflict, (await Left.DeleteAsync(world.As("administrator"), target, known.Id, null)).Failure?.Kind);
        turn.Holds = () => false;
        Assert.Equal(FailureKind.Unavailable, (await Left.DeleteAsync(world.As("administrator"), target, left.Id, null)).Failure?.Kind);

        Assert.Empty(cluster.Calls);
    }

    [Fact]
    public async Task Delete_TurnIsLostInTheMiddle_StopsThere()
    {
        EndpointRef left = new(Guid.NewGuid(), "old", target);
        Put<V1Deployment>("Deployment", "old-1", left, null);
        Put<V1Secret>("Secret", "old-1-fetch", left, null);
        turn.Holds = () => cluster.Calls.Count == 0;

        var result = await Left.DeleteAsync(world.As("administrator"), target, left.Id, null);

        Assert.Contains("Some are left", result.Failure?.Message, StringComparison.Ordinal);
        Assert.Single(cluster.Calls);
    }

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    private LeftObjects Left => new(cluster, world.Get<IDbContextFactory<RegistryDb>>(), world.Get<CommandRunner>(), turn);

    private async Task<EndpointRef> KnownAsync()
    {
        await using var db = world.Open();
        var endpoint = Endpoint.Create("known", target, Guid.NewGuid(), "operator", world.Time.GetUtcNow()).Value;
        db.Endpoints.Add(endpoint);
        await db.SaveChangesAsync();
        return new(endpoint.Id, "known", target);
    }

    private void Put<T>(string kind, string name, EndpointRef endpoint, DateTime? made)
        where T : IKubernetesObject<V1ObjectMeta>, new() =>
        cluster.Put(new T { Kind = kind, Metadata = new() { Name = name, Labels = ObjectLabels.Of(endpoint), CreationTimestamp = made } }, ObjectLabels.Manager);
}

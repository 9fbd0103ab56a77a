using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data;
using Ops.Data.Audit;
using Ops.Data.Rollouts;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>What must not get into a cluster, asked for by the command that people ask by: told at the right field, and nothing comes of it.</summary>
public sealed class BadInputTests(ClusterFixture cluster)
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private static readonly string Long = new('a', 64);

    private static readonly Dictionary<string, Func<DraftPlan, DraftPlan>> Inputs = new(StringComparer.Ordinal)
    {
        ["a name with another line"] = d => d with { Endpoint = "digits\nhostNetwork: true" },
        ["a name with a carriage return"] = d => d with { Endpoint = "digits\r\nhostNetwork: true" },
        ["a name of 64 characters"] = d => d with { Endpoint = Long },
        ["a label with a name of 64 characters"] = d => Choosing(d, Long, "x"),
        ["a label with a value of 64 characters"] = d => Choosing(d, "pool", Long),
        ["a label with another line"] = d => Choosing(d, "pool", "x\nhostNetwork: true"),
        ["a label of Kubernetes itself"] = d => Choosing(d, "kubernetes.io/role", "master"),
        ["a label of the control plane"] = d => Choosing(d, "node-role.kubernetes.io/control-plane", ""),
        ["a foreign namespace"] = d => With(d, k => k with { Namespace = "kube-system" }),
        ["a registry that only begins like an allowed one"] = d => With(d, k => k with { Image = $"registry.example.evil.com/ops-runtime@{Digest}" }),
        ["an allowed registry as a path elsewhere"] = d => With(d, k => k with { Image = $"evil.com/registry.example/ops-runtime@{Digest}" }),
        ["a mutable tag"] = d => With(d, k => k with { Image = "registry.example/ops-runtime:latest" }),
        ["another image of an allowed registry"] = d => With(d, k => k with { Image = $"registry.example/miner@{Digest}" }),
        ["a host with another line"] = d => With(d, k => k with { Hostname = "digits.example\nhostNetwork: true" }),
    };

    private static readonly Dictionary<string, string> Fields = new(StringComparer.Ordinal)
    {
        ["a name"] = "endpoint",
        ["a label"] = "nodeSelector",
        ["a foreign"] = "target",
        ["a registry"] = "image",
        ["an allowed"] = "image",
        ["a mutable"] = "image",
        ["another image"] = "image",
        ["a host"] = "hostname",
    };

    [Fact]
    public async Task Request_InputThatMustNotGetIn_IsRefusedAtItsFieldAndNothingComesOfIt()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        await world.StartAsync();

        // The one without a fault gets through: what the others are refused for is their fault.
        var fine = await world.RequestAsync(1, d => d with { Endpoint = "fine" });
        await ClusterWorld.UntilAsync(() => Task.FromResult(!world.Faults.Calls.IsEmpty), () => Task.FromResult("Nobody looks at the cluster."));
        var before = await CountsAsync(world);
        foreach (var (name, change) in Inputs)
        {
            var result = await world.Ops.Get<RequestRollout>().RunAsync(world.Ops.As("operator"), change(world.Ops.Draft() with { Strategy = "rolling" }), "because");

            var field = Fields.Single(f => name.StartsWith(f.Key, StringComparison.Ordinal)).Value;
            Assert.True(result.Failure is { Kind: FailureKind.Invalid } failure && failure.Field == field, $"{name}: {result.Failure}");
            Assert.DoesNotContain('\n', result.Failure!.Message);
        }

        // Two rounds of the controller later there is nothing either.
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.Equal(before, await CountsAsync(world));
        Assert.DoesNotContain(world.Faults.Calls, c => c.IsWrite && !c.Target.Contains("selfsubject", StringComparison.Ordinal));
        Assert.Empty(await ListAsync(world, $"/apis/apps/v1/namespaces/{world.Space}/deployments"));
        Assert.Empty(await ListAsync(world, $"/api/v1/namespaces/{world.Space}/services"));
        Assert.Equal(RolloutState.PendingApproval, (await world.Ops.RolloutAsync(fine.Id)).State);
    }

    [Fact]
    public async Task Request_WithoutTheRight_IsRefusedBeforeItIsReadAndAudited()
    {
        await using var world = await ClusterWorld.CreateAsync(cluster);
        foreach (var change in Inputs.Values)
        {
            Assert.Equal(FailureKind.Forbidden, (await world.Ops.Get<RequestRollout>().RunAsync(world.Ops.As("viewer"), change(world.Ops.Draft()), "because")).Failure?.Kind);
        }

        var entries = await world.Ops.AuditAsync("rollout.request", AuditResult.Refused);
        Assert.Equal(Inputs.Count, entries.Count);
        Assert.All(entries, e => Assert.Equal("viewer", e.PersonName));
        Assert.Equal((0, 0, 0, 0), await CountsAsync(world));
        Assert.DoesNotContain(world.Faults.Calls, c => c.IsWrite);
    }

    private static DraftPlan With(DraftPlan draft, Func<PlanKubernetes, PlanKubernetes> change) => draft with { Kubernetes = change(new() { Namespace = "", Image = "" }) };

    private static DraftPlan Choosing(DraftPlan draft, string name, string value) => With(draft, k => k with { NodeSelector = new Dictionary<string, string> { [name] = value } });

    private static async Task<(int Endpoints, int Plans, int Rollouts, int Events)> CountsAsync(ClusterWorld world)
    {
        await using var db = world.Ops.Open();
        return (await db.Endpoints.CountAsync(), await db.Plans.CountAsync(), await db.Rollouts.CountAsync(), await db.RolloutEvents.CountAsync());
    }

    private static async Task<IReadOnlyList<JsonNode>> ListAsync(ClusterWorld world, string path) => [.. (await world.Api.GetAsync(path)).Body.Items("items")];
}

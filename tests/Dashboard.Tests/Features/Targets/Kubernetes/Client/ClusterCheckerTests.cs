using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>What the test of a connection says of rights and of the cluster's version.</summary>
public sealed class ClusterCheckerTests
{
    private const string User = "system:serviceaccount:ops:ops-dashboard";

    // Whoever may list and watch pods of the whole cluster may do so in the namespace too.
    public static TheoryData<string, string, string> Rights =>
    [
        .. ClusterRights.InNamespace.Append(ClusterRights.Routes).Concat(ClusterRights.OnCluster).SelectMany(r => r.Verbs.Select(v => (r.Name, r.Resource, v)))
            .Where(r => r is not ("Pods", _, "list" or "watch")),
    ];

    [Theory]
    [MemberData(nameof(Rights))]
    public async Task Run_OneRightTakenAway_NamesExactlyIt(string name, string resource, string verb)
    {
        await using var cluster = await KubernetesDouble.StartAsync(new() { Cluster = false });
        AccessRule[] rules =
        [
            .. Rules(ClusterRights.InNamespace.Append(ClusterRights.Routes), "ops"), .. Rules(ClusterRights.OnCluster, null), new AccessRule(["get"], [""], ["namespaces"]),
        ];
        cluster.Access.Restrict(User, rules);

        var lacking = (await CheckAsync(cluster)).Where(c => c.Passed != true).ToList();

        var line = Assert.Single(lacking);
        Assert.Equal(name, line.Name);
        Assert.StartsWith($"May not {verb} {resource}", line.Message, StringComparison.Ordinal);

        IEnumerable<AccessRule> Rules(IEnumerable<ClusterRight> rights, string? space) => rights.Select(r =>
            new AccessRule([.. r.Verbs.Where(v => r.Name != name || v != verb)], [r.Group], [r.Resource]) { Namespace = space });
    }

    [Theory]
    [InlineData("v1.36.2", false)]
    [InlineData("v1.27.0", false)]
    [InlineData("v1.26.15-eks-1234", true)]
    [InlineData("v1.9.0", true)]
    [InlineData("custom", false)]
    public async Task Run_ClusterOlderThanTheOldestThatWorks_SaysSo(string version, bool isOld)
    {
        using var script = new ScriptedApi(r => r.RequestUri!.AbsolutePath == "/version" ? ScriptedApi.Json($$"""{"gitVersion":"{{version}}"}""") : ScriptedApi.Status(401, "Unauthorized"));
        using var api = script.Client();

        var checks = await ClusterChecker.RunAsync(api, new() { Namespace = "ops" }, null!, null, default);

        Assert.Contains($"is Kubernetes {version}", checks[0].Message, StringComparison.Ordinal);
        Assert.Equal(isOld, checks.Any(c => c is { Name: "Version", Passed: false } && c.Message.Contains("1.27", StringComparison.Ordinal)));
    }

    private static async Task<IReadOnlyList<ClusterCheck>> CheckAsync(KubernetesDouble cluster)
    {
        using var access = new ClusterAccess { Server = cluster.Address, Token = new FixedToken(cluster.Token) };
        using var api = new ClusterFactory(null!, Options.Create(new KubernetesOptions { RequestsPerSecond = 1000, Burst = 1000 }), TimeProvider.System).MakeApi(access);
        return await ClusterChecker.RunAsync(api, new() { Namespace = "ops" }, null!, null, default);
    }
}

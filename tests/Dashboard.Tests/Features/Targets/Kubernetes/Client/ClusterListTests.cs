using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>Lists of more than one page, and what goes with each write.</summary>
public sealed class ClusterListTests : IAsyncLifetime
{
    private KubernetesDouble cluster = null!;

    public async ValueTask InitializeAsync() => cluster = await KubernetesDouble.StartAsync(new() { Cluster = false });

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task List_MoreThanOnePage_IsWhole_AndOfOneVersion()
    {
        Fill(1201);
        using var api = Api(new HttpClientHandler());

        var list = await api.ListAsync(ClusterKind.Of<V1ConfigMap>(), new("ops"), default);

        Assert.Equal(Enumerable.Range(0, 1201).Select(i => $"m-{i:D4}"), list.Items.Select(i => i.Metadata.Name));
        var pages = cluster.Api.Requests.Where(r => r.Path.EndsWith("/configmaps", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, pages.Count);
        Assert.All(pages, p => Assert.Equal("500", p.Query["limit"]));
        Assert.True(long.Parse(list.Version) >= list.Items.Max(i => long.Parse(i.Metadata.ResourceVersion)));
    }

    [Fact]
    public async Task List_PageThatExpiresInTheMiddle_BeginsAnew_AndHasNothingTwice()
    {
        Fill(700);
        var isFirst = true;
        using var api = Api(new Between(request =>
        {
            if (isFirst && request.RequestUri!.Query.Contains("continue=", StringComparison.Ordinal))
            {
                isFirst = false;
                cluster.Delete(ResourceKind.Find("", "v1", "configmaps")!, "ops", "m-0000");
                cluster.Compact();
            }
        }));

        var list = await api.ListAsync(ClusterKind.Of<V1ConfigMap>(), new("ops"), default);

        Assert.False(isFirst);
        Assert.Equal(Enumerable.Range(1, 699).Select(i => $"m-{i:D4}"), list.Items.Select(i => i.Metadata.Name));
    }

    [Fact]
    public async Task List_PagesThatAlwaysExpire_GivesUp()
    {
        Fill(700);
        using var api = Api(new Between(_ => cluster.Compact()));

        var refused = await Assert.ThrowsAsync<ClusterException>(() => api.ListAsync(ClusterKind.Of<V1ConfigMap>(), new("ops"), default));

        Assert.Equal(ClusterProblem.Expired, refused.Problem);
    }

    [Fact]
    public async Task Writes_AreCheckedStrictly_UnderOurName()
    {
        using var api = Api(new HttpClientHandler());
        var made = await api.CreateAsync(new V1ConfigMap { Metadata = new() { Name = "a", NamespaceProperty = "ops" } }, default);
        await api.UpdateAsync(made, default);
        await api.ApplyAsync(new V1ConfigMap { Metadata = new() { Name = "a", NamespaceProperty = "ops" } }, new(), default);

        var writes = cluster.Api.Requests.Where(r => r.Method is "POST" or "PUT" or "PATCH").ToList();
        Assert.Equal(["POST", "PUT", "PATCH"], writes.Select(w => w.Method));
        Assert.All(writes, w => Assert.Equal(("Strict", "ops-dashboard"), (w.Query["fieldValidation"].ToString(), w.Query["fieldManager"].ToString())));
    }

    private void Fill(int count)
    {
        for (var i = 0; i < count; i++)
        {
            cluster.Create(new() { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["name"] = $"m-{i:D4}", ["namespace"] = "ops" } });
        }
    }

    private ClusterApi Api(HttpMessageHandler way)
    {
        var http = new HttpClient(way) { BaseAddress = cluster.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", cluster.Token);
        return new(new ClusterSender(http, new(), TimeProvider.System));
    }

    private sealed class Between(Action<HttpRequestMessage> before) : DelegatingHandler(new HttpClientHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            before(request);
            return base.SendAsync(request, cancellationToken);
        }
    }
}

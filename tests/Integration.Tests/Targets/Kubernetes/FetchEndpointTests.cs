using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Integration.Tests.Features.ModelStore;

namespace Ops.Integration.Tests.Targets.Kubernetes;

public sealed class FetchEndpointTests
{
    [Fact]
    public async Task Fetch_ByAPod_GivesTheOneFileOfTheLinkAndNothingToOthers()
    {
        await using var host = await UploadHost.StartAsync(services: services =>
        {
            services.AddSingleton<FetchLinks>();
            services.Configure<KubernetesOptions>(options => options.DashboardUrl = "http://dashboard.example");
        });
        var client = await host.ClientAsync();
        await client.UploadAsync("digits", ("model.onnx", UploadClient.Onnx), ("README.md", "# Digits"u8.ToArray()));
        await using var db = host.Db();
        var version = await db.Versions.SingleAsync();
        using var pod = new HttpClient { BaseAddress = host.Address };
        var links = host.Get<FetchLinks>();

        Assert.Equal(UploadClient.Onnx, await pod.GetByteArrayAsync(PathOf(version.Id, "model.onnx", TimeSpan.FromMinutes(5))));

        var good = PathOf(version.Id, "model.onnx", TimeSpan.FromMinutes(5));
        foreach (var refused in new[]
        {
            PathOf(version.Id, "model.onnx", TimeSpan.FromTicks(1)),
            PathOf(version.Id, "../model.onnx", TimeSpan.FromMinutes(5)),
            PathOf(Guid.NewGuid(), "model.onnx", TimeSpan.FromMinutes(5)),
            good[..^4] + "AAAA",
            "/fetch/x",
            "/fetch/" + new string('a', 5000),
        })
        {
            using var reply = await pod.GetAsync(refused);
            Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
            Assert.Empty(await reply.Content.ReadAsByteArrayAsync());
        }

        string PathOf(Guid id, string path, TimeSpan lifetime) => links.Make(id, path, lifetime).Value.AbsolutePath;
    }
}

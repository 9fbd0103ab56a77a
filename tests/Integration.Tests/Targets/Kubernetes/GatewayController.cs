using System.Globalization;
using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Plays the controller of a gateway for the routes of one namespace: writes into their status what it makes of them.</summary>
internal sealed class GatewayController : IAsyncDisposable
{
    private readonly RawApi api;
    private readonly string path;
    private readonly CancellationTokenSource stop = new();
    private readonly Task work;

    public GatewayController(ClusterWorld world)
    {
        (api, path) = (world.Api, $"/apis/gateway.networking.k8s.io/v1/namespaces/{world.Space}/httproutes");
        work = WorkAsync();
    }

    /// <summary>The condition that it holds against routes, or null to take them. Another gateway's word in the status is always there, too, and good.</summary>
    public (string Type, string Reason, string Message)? Refuses { get; set; }

    /// <summary>Whether it answers to nothing, as when none is installed.</summary>
    public bool IsAway { get; set; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await work;
        stop.Dispose();
    }

    private async Task WorkAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (var route in IsAway ? [] : (await api.GetAsync(path)).Body.Items("items"))
            {
                var parents = new JsonArray(Parent(route, "public", Refuses), Parent(route, "internal", null));
                if (!JsonNode.DeepEquals(route["status"]?["parents"], parents))
                {
                    var answer = await api.MergeAsync($"{path}/{route.Text("metadata", "name")}/status", new JsonObject { ["status"] = new JsonObject { ["parents"] = parents } }.ToJsonString());
                    Assert.True(answer.Code is < 300 or 404 or 409, answer.Message);
                }
            }

            await Task.Delay(100, CancellationToken.None);
        }
    }

    private static JsonObject Parent(JsonNode route, string gateway, (string Type, string Reason, string Message)? refuses) => new()
    {
        ["parentRef"] = new JsonObject { ["group"] = "gateway.networking.k8s.io", ["kind"] = "Gateway", ["name"] = gateway },
        ["controllerName"] = "example.com/gateway-controller",
        ["conditions"] = new JsonArray([.. ((string[])["Accepted", "ResolvedRefs"]).Select(type => (JsonNode)new JsonObject
        {
            ["type"] = type,
            ["status"] = refuses?.Type == type ? "False" : "True",
            ["reason"] = refuses?.Type == type ? refuses.Value.Reason : type,
            ["message"] = refuses?.Type == type ? refuses.Value.Message : "",
            ["observedGeneration"] = long.Parse(route.Text("metadata", "generation") ?? "1", CultureInfo.InvariantCulture),
            ["lastTransitionTime"] = route.Text("metadata", "creationTimestamp"),
        })]),
    };
}

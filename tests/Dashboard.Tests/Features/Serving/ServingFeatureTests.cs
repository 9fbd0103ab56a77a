using System.Net;
using System.Net.Http.Json;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Serving;

/// <summary>Which requests get as far as a replica at all.</summary>
public sealed class ServingFeatureTests
{
    [Theory]
    [InlineData("/serve/digits/metrics")]
    [InlineData("/serve/digits/v2/repository/index")]
    [InlineData("/serve/digits/v2/..%2fmetrics")]
    [InlineData("/serve/digits/v2/%252e%252e/metrics")]
    [InlineData("/serve/digits/v2//metrics")]
    [InlineData("/serve/digits/v2/..\\metrics")]
    [InlineData("/serve/digits/V2/models")]
    [InlineData("/serve/digits")]
    [InlineData("/serve/nobody/v2")]
    public async Task Serve_PathThatIsNotForClients_IsNotFound(string path)
    {
        await using var harness = await ServingHarness.StartAsync();
        await using var db = await harness.DatabaseAsync();
        var (address, _) = await harness.StartReplicaAsync(ServingHarness.Say("reached"));
        harness.Observe(("a", address, ReplicaPhase.Ready));

        using var response = await harness.Client.GetAsync(new Uri(harness.Client.BaseAddress + path[1..], new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.True((await response.Content.ReadFromJsonAsync<Dictionary<string, string>>())!.ContainsKey("error"));
    }

    [Fact]
    public async Task Serve_EndpointOfTheRegistryWithoutARouteYet_AsksToComeBack()
    {
        await using var harness = await ServingHarness.StartAsync();
        await using (var db = await harness.DatabaseAsync())
        {
            var target = Target.Create("here", "local", TargetEnvironment.Dev, TimeProvider.System.GetUtcNow()).Value;
            db.Targets.Add(target);
            db.Endpoints.Add(Ops.Data.Rollouts.Endpoint.Create("late", target.Id, Guid.NewGuid(), "olga", TimeProvider.System.GetUtcNow()).Value);
            await db.SaveChangesAsync();
        }

        using var known = await harness.Client.GetAsync("/serve/late/v2");
        using var unknown = await harness.Client.GetAsync("/serve/nobody/v2");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (known.StatusCode, known.Headers.RetryAfter?.Delta));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Serve_NoRouteAndNoRegistry_AsksToComeBack()
    {
        await using var harness = await ServingHarness.StartAsync();

        using var response = await harness.Client.GetAsync("/serve/late/v2");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task Serve_TokenRequired_OnlyALiveTokenOfThisEndpointOpens()
    {
        await using var harness = await ServingHarness.StartAsync();
        var (address, _) = await harness.StartReplicaAsync(ServingHarness.Say("open"));
        harness.Observe(("a", address, ReplicaPhase.Ready));
        harness.Route(requiresToken: true);
        await using var db = await harness.DatabaseAsync();
        var now = TimeProvider.System.GetUtcNow();
        var target = Target.Create("local", TargetKinds.Local, TargetEnvironment.Dev, now).Value;
        db.Add(target);
        var endpoint = Ops.Data.Rollouts.Endpoint.Create("digits", target.Id, Guid.NewGuid(), "o", now).Value;
        db.Add(endpoint);
        db.Entry(endpoint).Property(e => e.Id).CurrentValue = harness.Endpoint.Id;
        var token = new EndpointToken { Id = Guid.NewGuid(), EndpointId = harness.Endpoint.Id, Name = "t", Hash = EndpointTokens.HashOf("ops_good"), Prefix = "ops_g", CreatedByName = "o", CreatedAt = now };
        db.Add(token);
        await db.SaveChangesAsync();

        async Task<HttpStatusCode> callAsync(string? authorization)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/serve/digits/v2");
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using var response = await harness.Client.SendAsync(request);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await callAsync(null));
        Assert.Equal(HttpStatusCode.Unauthorized, await callAsync("Bearer ops_wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, await callAsync("Basic ops_good"));
        Assert.Equal(HttpStatusCode.OK, await callAsync("Bearer ops_good"));
        Assert.True(token.Revoke(now).Succeeded);
        await db.SaveChangesAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await callAsync("Bearer ops_good"));
    }
}

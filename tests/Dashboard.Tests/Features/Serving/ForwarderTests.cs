using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Serving;

public sealed class ForwarderTests
{
    [Fact]
    public async Task Forward_ReadyReplica_PassesMethodPathQueryBodyAndStatus()
    {
        await using var harness = await ServingHarness.StartAsync();
        var (address, _) = await harness.StartReplicaAsync(async context =>
        {
            var body = await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Response.StatusCode = 418;
            context.Response.Headers["X-Request-Id"] = context.Request.Headers["X-Request-Id"];
            await context.Response.WriteAsync($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {body}");
        });
        harness.Observe(("a", address, ReplicaPhase.Ready));

        using var request = new HttpRequestMessage(HttpMethod.Post, "/serve/digits/v2/models/digits/infer?x=1") { Content = new StringContent("{}") };
        request.Headers.Add("X-Request-Id", "abc");
        using var response = await harness.Client.SendAsync(request);

        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("POST /v2/models/digits/infer?x=1 {}", await response.Content.ReadAsStringAsync());
        Assert.Equal("abc", response.Headers.GetValues("X-Request-Id").Single());
    }

    [Fact]
    public async Task Forward_CookiesAndTokens_NeverReachTheReplicaNorTheClient()
    {
        await using var harness = await ServingHarness.StartAsync();
        var (address, _) = await harness.StartReplicaAsync(async context =>
        {
            context.Response.Headers.SetCookie = "stolen=1";
            context.Response.Headers["X-Hop"] = "gone";
            context.Response.Headers.Connection = "X-Hop";
            await context.Response.WriteAsync(string.Join(",", context.Request.Headers.Select(h => h.Key)));
        });
        harness.Observe(("a", address, ReplicaPhase.Ready));

        using var request = new HttpRequestMessage(HttpMethod.Get, "/serve/digits/v2");
        request.Headers.Add("Cookie", "ops=secret");
        request.Headers.Add("Authorization", "Bearer secret");
        request.Headers.Add("TE", "trailers");
        using var response = await harness.Client.SendAsync(request);
        var names = (await response.Content.ReadAsStringAsync()).Split(',');

        Assert.DoesNotContain("Cookie", names);
        Assert.DoesNotContain("Authorization", names);
        Assert.DoesNotContain("TE", names);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.False(response.Headers.Contains("X-Hop"));
    }

    [Fact]
    public async Task Forward_RefusedConnection_RetriesOnAnotherReplica()
    {
        await using var harness = await ServingHarness.StartAsync();
        var (address, _) = await harness.StartReplicaAsync(ServingHarness.Say("alive"));
        harness.Observe(("dead", ServingHarness.DeadAddress(), ReplicaPhase.Ready), ("alive", address, ReplicaPhase.Ready));

        for (var i = 0; i < 20; i++)
        {
            using var response = await harness.Client.PostAsync("/serve/digits/v2/models/digits/infer", new StringContent("body"));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        // After one refusal the dead replica is left alone for a second, so most requests need no retry.
        Assert.InRange(harness.Statistics.For(harness.Endpoint.Id).Retries, 1, 5);
    }

    [Fact]
    public async Task Forward_BusyReplica_LeastInFlightGetsTheRequest()
    {
        await using var harness = await ServingHarness.StartAsync();
        var release = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        RequestDelegate hold(string name) => async context =>
        {
            if (context.Request.Query.ContainsKey("hold"))
            {
                held.TrySetResult();
                await release.Task;
            }

            await context.Response.WriteAsync(name);
        };
        var (a, _) = await harness.StartReplicaAsync(hold("a"));
        var (b, _) = await harness.StartReplicaAsync(hold("b"));
        harness.Observe(("a", a, ReplicaPhase.Ready), ("b", b, ReplicaPhase.Ready));

        var slow = harness.Client.GetStringAsync("/serve/digits/v2?hold");
        await held.Task;
        var answers = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            answers.Add(await harness.Client.GetStringAsync("/serve/digits/v2"));
        }

        release.SetResult();
        var busy = await slow;
        Assert.All(answers, answer => Assert.NotEqual(busy, answer));
    }

    [Fact]
    public async Task Forward_LargeBody_IsStreamedNotBuffered()
    {
        await using var harness = await ServingHarness.StartAsync();
        var firstBytesSeen = new TaskCompletionSource();
        var (address, _) = await harness.StartReplicaAsync(async context =>
        {
            var buffer = new byte[1024];
            _ = await context.Request.Body.ReadAsync(buffer);
            firstBytesSeen.SetResult();
            long total = 0;
            int read;
            while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
            {
                total += read;
            }

            await context.Response.WriteAsync((total > 0).ToString());
        });
        harness.Observe(("a", address, ReplicaPhase.Ready));

        // The body goes on only after the replica has seen its beginning: a router that buffers would wait for ever.
        using var content = new GatedContent(firstBytesSeen.Task);
        using var response = await harness.Client.PostAsync("/serve/digits/v2/models/digits/infer", content).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("True", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Forward_ClientGoesAway_CancelsAtTheReplica()
    {
        await using var harness = await ServingHarness.StartAsync();
        var begun = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        var (address, _) = await harness.StartReplicaAsync(async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            begun.SetResult();
            await cancelled.Task;
        });
        harness.Observe(("a", address, ReplicaPhase.Ready));

        using var gone = new CancellationTokenSource();
        var call = harness.Client.GetAsync("/serve/digits/v2", gone.Token);
        await begun.Task;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Forward_NoReplicaReady_AnswersUnavailableWithRetryAfter()
    {
        await using var harness = await ServingHarness.StartAsync();
        var (address, _) = await harness.StartReplicaAsync(ServingHarness.Say("never"));
        harness.Observe(("a", address, ReplicaPhase.Unready), ("b", address, ReplicaPhase.Stopping), ("c", address, ReplicaPhase.Loading));

        using var response = await harness.Client.GetAsync("/serve/digits/v2");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Equal(1, harness.Statistics.For(harness.Endpoint.Id).ServerErrors);
    }

    [Fact]
    public async Task Forward_ReplicaComesBackInTime_TheWaitingRequestIsAnswered()
    {
        await using var harness = await ServingHarness.StartAsync(waitSeconds: 10);
        var (address, _) = await harness.StartReplicaAsync(ServingHarness.Say("back"));
        harness.Observe(("a", ServingHarness.DeadAddress(), ReplicaPhase.Ready));

        var call = harness.Client.GetStringAsync("/serve/digits/v2");
        await Task.Delay(300);
        harness.Observe(("a", address, ReplicaPhase.Ready));

        Assert.Equal("back", await call.WaitAsync(TimeSpan.FromSeconds(8)));
    }

    [Fact]
    public async Task Forward_RevisionWithoutTraffic_GetsNone()
    {
        await using var harness = await ServingHarness.StartAsync();
        var (address, _) = await harness.StartReplicaAsync(ServingHarness.Say("canary"));
        var observed = new ReplicaObservation { Id = "x", PlanId = Guid.NewGuid(), Node = "here", Phase = ReplicaPhase.Ready, Address = address };
        var endpoints = (ObservedEndpoints)harness.Services.GetService(typeof(ObservedEndpoints))!;
        endpoints.Publish(new(harness.Endpoint, [observed], TimeProvider.System.GetUtcNow()));

        using var response = await harness.Client.GetAsync("/serve/digits/v2");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task Forward_ReplyBreaksOff_TheClientSeesABrokenReply()
    {
        await using var harness = await ServingHarness.StartAsync();
        var (address, _) = await harness.StartReplicaAsync(async context =>
        {
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        harness.Observe(("a", address, ReplicaPhase.Ready));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => harness.Client.GetStringAsync("/serve/digits/v2"));
    }

    private sealed class GatedContent(Task gate) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes("first"));
            await stream.FlushAsync();
            await gate;
            await stream.WriteAsync(new byte[1 << 20]);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

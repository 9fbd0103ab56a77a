using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Serving;

/// <summary>Requests that go to replicas through something else.</summary>
public sealed class CarriedRequestTests
{
    [Theory]
    [InlineData(BodyCopies.Longest - 100_000, 3)]
    [InlineData(BodyCopies.Longest + 1_000_000, 1)]
    public async Task Forward_CarrierTakesTheBodyAndDoesNotReachTheReplica_SendsItAgainOnlyWhileItIsWhole(int length, int expected)
    {
        Carrier carrier = new();
        await using var harness = await ServingHarness.StartAsync(waitSeconds: 5, add: services => services.AddSingleton<IReplicaTransport>(carrier));
        harness.Observe(("a", null, ReplicaPhase.Ready), ("b", null, ReplicaPhase.Ready), ("c", null, ReplicaPhase.Ready));

        // Without a length, so that only what passes says how long it is.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/serve/digits/v2/models/digits/infer") { Content = new ByteArrayContent(new byte[length]) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await harness.Client.SendAsync(request);

        Assert.Equal(expected, carrier.Bodies.Count);
        Assert.All(carrier.Bodies, b => Assert.Equal(length, b));
        Assert.Equal(expected == 3 ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(expected == 3 ? null : TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
    }

    /// <summary>Reads every body to its end, and reaches its replica at the third attempt.</summary>
    private sealed class Carrier : IReplicaTransport
    {
        public List<long> Bodies { get; } = [];

        public bool Carries(EndpointRef endpoint, ReplicaObservation replica) => true;

        public bool Reaches(EndpointRef endpoint, ReplicaObservation replica) => true;

        public FigureBudget? BudgetOf(EndpointRef endpoint) => null;

        public async Task<HttpResponseMessage> SendAsync(EndpointRef endpoint, ReplicaObservation replica, HttpRequestMessage request, CancellationToken cancellation)
        {
            using MemoryStream body = new();
            await request.Content!.CopyToAsync(body, cancellation);
            Bodies.Add(body.Length);
            return Bodies.Count == 3 ? new(HttpStatusCode.OK) : throw new HttpRequestException(HttpRequestError.ConnectionError, "It is gone.");
        }
    }
}

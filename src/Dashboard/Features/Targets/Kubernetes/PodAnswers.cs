using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text.Json;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Tells what a pod answered from what the API server says in its place: both come with the same codes.</summary>
internal static class PodAnswers
{
    // Beginning of what the API server says when it finds no server behind the pod; "dial" follows where it got no connection.
    private const string NotReached = "error trying to reach service: ";
    private const int MostPeeked = 64 * 1024;

    /// <summary>Reads whether an answer is the API server's refusal. The pod's own answers stay as they are, with nothing of their body lost.</summary>
    /// <param name="answer">The answer, of whose body nothing was read.</param>
    /// <param name="pod">Who was asked.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Why the pod did not answer, in the terms of <see cref="IReplicaTransport.SendAsync"/>; null when it did.</returns>
    public static async Task<HttpRequestException?> RefusalAsync(HttpResponseMessage answer, string pod, CancellationToken cancellation)
    {
        if (answer.StatusCode < HttpStatusCode.BadRequest || answer.Content.Headers.ContentType?.MediaType != "application/json")
        {
            return null;
        }

        var body = PipeReader.Create(await answer.Content.ReadAsStreamAsync(cancellation));
        var begin = (await body.ReadAtLeastAsync(MostPeeked, cancellation)).Buffer;
        if (Status(begin.Slice(0, Math.Min(begin.Length, MostPeeked)).ToArray()) is { } status)
        {
            var said = ClusterAnswers.Of(status, (int)answer.StatusCode, $"ask {pod}");
            return new(Error(said, status.Message ?? ""), said.Message, said, answer.StatusCode);
        }

        body.AdvanceTo(begin.Start);
        var whole = new StreamContent(body.AsStream());
        foreach (var (name, values) in answer.Content.Headers.NonValidated)
        {
            whole.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
        }

        answer.Content = whole;
        return null;
    }

    private static HttpRequestError Error(ClusterException said, string message) => said.Problem switch
    {
        ClusterProblem.Unauthorized or ClusterProblem.Forbidden => HttpRequestError.UserAuthenticationError,
        ClusterProblem.Unavailable when !message.StartsWith(NotReached + "dial", StringComparison.Ordinal) => HttpRequestError.Unknown,
        _ => HttpRequestError.ConnectionError,
    };

    private static V1Status? Status(ReadOnlySpan<byte> body)
    {
        try
        {
            return ClusterJson.Read<V1Status>(body) is { Kind: "Status", ApiVersion: "v1" } status ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

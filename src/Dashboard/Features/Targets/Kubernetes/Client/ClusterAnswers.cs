using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Reads what a cluster answers when it does not do what was asked.</summary>
internal static class ClusterAnswers
{
    private const int MostShown = 600;
    private const int MostBody = 64 * 1024;

    /// <summary>Reads a failed reply.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="what">What was asked, for messages.</param>
    /// <param name="now">From when on <c>Retry-After</c> counts that names a moment.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<ClusterException> ReadAsync(HttpResponseMessage reply, string what, DateTimeOffset now, CancellationToken cancellation)
    {
        if ((int)reply.StatusCode is >= 300 and < 400)
        {
            return NoApi(reply, $"it sends elsewhere ({(int)reply.StatusCode})");
        }

        V1Status? status = null;
        try
        {
            await using var body = await reply.Content.ReadAsStreamAsync(cancellation);
            var bytes = new byte[MostBody];
            var read = await body.ReadAtLeastAsync(bytes, MostBody, throwOnEndOfStream: false, cancellation);
            status = ClusterJson.Read<V1Status>(bytes.AsSpan(0, read));
        }
        catch (Exception exception) when (exception is JsonException or IOException or HttpRequestException)
        {
            // What stands between may answer with a page of its own; its code says enough.
        }

        var asked = reply.Headers.RetryAfter is { } header ? header.Delta ?? (header.Date is { } moment ? moment - now : null) : null;
        return Of(status?.Kind == "Status" ? status : new V1Status { Code = (int)reply.StatusCode }, (int)reply.StatusCode, what, asked);
    }

    /// <summary>Why a reply that says that all went well is not the API's: a page to sign in or of a proxy has taken its place. Null when it may be the API's.</summary>
    public static ClusterException? Foreign(HttpResponseMessage reply) =>
        reply.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml" ? NoApi(reply, "it sent a page for browsers") : null;

    /// <summary>Puts into words that a reply is not one of the API, though it says that all went well.</summary>
    public static ClusterException NoApi(HttpResponseMessage reply, string how, Exception? inner = null)
    {
        var where = reply.RequestMessage?.RequestUri is { IsAbsoluteUri: true } uri ? $" at {uri.GetLeftPart(UriPartial.Authority)}" : "";
        return new(ClusterProblem.Unreachable, $"The cluster{where} answers, but not as a Kubernetes API: {how}. Something in between, such as a proxy or a page to sign in, may answer in its place.", inner);
    }

    /// <summary>Reads a status, also one that comes in a watch.</summary>
    /// <param name="status">What the cluster said.</param>
    /// <param name="code">The code of the reply.</param>
    /// <param name="what">What was asked, for messages.</param>
    /// <param name="retryAfter">How long the reply asks to wait, when the status does not say.</param>
    public static ClusterException Of(V1Status status, int code, string what, TimeSpan? retryAfter = null)
    {
        IEnumerable<V1StatusCause> causes = status.Details?.Causes ?? [];
        var conflicts = causes.Where(c => c.Reason == "FieldManagerConflict").Select(c => new FieldConflict(ManagerOf(c.Message), c.Field ?? "")).ToList();
        var problem = conflicts.Count > 0 ? ClusterProblem.FieldConflict : IsUnknownField(status) ? ClusterProblem.Invalid : Kind(status.Reason, code);
        var said = Shown(status.Message);
        var sentence = problem switch
        {
            ClusterProblem.FieldConflict => $"{what} was not applied: {Words(conflicts)}. Take these fields over, or leave them to who has set them.",
            ClusterProblem.Unauthorized => "The cluster does not accept the token or certificate of this target. It may be over; give the target a new kubeconfig.",
            ClusterProblem.Forbidden => $"The account of this target may not do this: {said ?? what}",
            ClusterProblem.TooManyRequests => "The cluster has too many requests to answer. It is tried again.",
            ClusterProblem.Invalid when IsUnknownField(status) => $"The cluster does not know a field of {what}, because its Kubernetes is older than this needs: {said}",
            ClusterProblem.Unavailable => $"The cluster failed ({code}): {said ?? "it said nothing more"}",
            _ => said ?? $"The cluster answered {code} to: {what}",
        };
        var wait = retryAfter ?? (status.Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null);
        return new(problem, sentence) { Status = status, RetryAfter = wait < TimeSpan.Zero ? TimeSpan.Zero : wait, Conflicts = conflicts, Causes = [.. causes.Where(c => c.Reason != "FieldManagerConflict").Select(c => Shown($"{c.Field}: {c.Message}")!)] };
    }

    /// <summary>Puts into words why there was no answer.</summary>
    public static ClusterException Unreachable(Exception exception, Uri? server)
    {
        var where = server is null ? "The cluster" : $"The cluster at {server.GetLeftPart(UriPartial.Authority)}";
        var all = Chain(exception).ToList();
        if (all.OfType<ClusterException>().FirstOrDefault() is { } said)
        {
            return said;
        }

        var why = all.OfType<AuthenticationException>().Any() ? "its certificate is not one that the kubeconfig trusts, or it refused ours"
            : all.OfType<HttpRequestException>().Any(e => e.HttpRequestError == HttpRequestError.ProxyTunnelError) ? "the proxy on the way to it refuses"
            : all.OfType<SocketException>().FirstOrDefault() is { } socket ? socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "the connection was refused",
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name cannot be resolved",
                SocketError.TimedOut => "the connection timed out",
                SocketError.HostUnreachable or SocketError.NetworkUnreachable => "there is no way to it",
                _ => "the connection broke",
            }
            : exception is TimeoutException or OperationCanceledException ? "there was no answer in time"
            : "the connection broke";
        return new(ClusterProblem.Unreachable, $"{where} does not answer: {why}.", exception);
    }

    // Server-side apply says so as an error inside, which nothing mends.
    private static bool IsUnknownField(V1Status status) => status.Message?.Contains("field not declared in schema", StringComparison.Ordinal) == true;

    /// <summary>Which managers own which fields.</summary>
    private static string Words(List<FieldConflict> conflicts) => string.Join("; ", conflicts.GroupBy(c => c.Manager, StringComparer.Ordinal)
        .Select(group => $"{group.Key} has set {string.Join(", ", group.Select(c => c.Field).Distinct(StringComparer.Ordinal))}"));

    // Such as: conflict with "kubectl-edit" using apps/v1 at 2026-01-01T00:00:00Z
    private static string ManagerOf(string? message)
    {
        var from = message?.IndexOf('"', StringComparison.Ordinal) ?? -1;
        var to = from < 0 ? -1 : message!.IndexOf('"', from + 1);
        return to < 0 ? "somebody else" : Shown(message![(from + 1)..to]) is { Length: > 0 } name ? name : "somebody else";
    }

    private static ClusterProblem Kind(string? reason, int code) => (reason, code) switch
    {
        ("Expired" or "Gone", _) or (_, 410) => ClusterProblem.Expired,
        ("AlreadyExists", _) => ClusterProblem.AlreadyExists,
        ("Conflict", _) or (_, 409) => ClusterProblem.Conflict,
        ("Unauthorized", _) or (_, 401) => ClusterProblem.Unauthorized,
        ("Forbidden", _) or (_, 403) => ClusterProblem.Forbidden,
        ("NotFound", _) or (_, 404) => ClusterProblem.NotFound,
        ("TooManyRequests", _) or (_, 429) => ClusterProblem.TooManyRequests,
        (_, 408 or >= 500) => ClusterProblem.Unavailable,
        _ => ClusterProblem.Invalid,
    };

    private static IEnumerable<Exception> Chain(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            yield return exception;
        }
    }

    // One line of bounded length, whatever the other side sends.
    private static string? Shown(string? text) => string.IsNullOrWhiteSpace(text) ? null : new([.. text.Take(MostShown).Select(c => char.IsControl(c) ? ' ' : c)]);
}

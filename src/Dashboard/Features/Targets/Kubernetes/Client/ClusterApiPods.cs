using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Which part of a container's log.</summary>
internal sealed record LogTerms
{
    /// <summary>The container.</summary>
    public required string Container { get; init; }

    /// <summary>How many of the last lines; null for all.</summary>
    public int? Tail { get; init; }

    /// <summary>Of the run before this one.</summary>
    public bool Previous { get; init; }

    /// <summary>Goes on with what is written from now on.</summary>
    public bool Follow { get; init; }

    /// <summary>Called once the log is open, whether or not there is anything in it.</summary>
    public Action? Opened { get; init; }

    /// <summary>Worth reading only while there is room for it, such as how far a download is.</summary>
    public bool IsGlance { get; init; }

    /// <summary>Only lines from here on.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>What a cluster gives of pods beyond their objects: logs, and their servers through the API.</summary>
internal static class ClusterApiPods
{
    private const int MaxLine = 16 * 1024;

    /// <summary>A log, line by line. Lines that are longer than 16,384 characters are cut.</summary>
    /// <exception cref="ClusterException">There is no such log (yet), or the cluster does not answer.</exception>
    public static async IAsyncEnumerable<string> ReadLogAsync(this ClusterApi api, string space, string pod, LogTerms terms, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var query = new StringBuilder("?container=").Append(Uri.EscapeDataString(terms.Container));
        if (terms.Tail is { } tail)
        {
            query.Append(CultureInfo.InvariantCulture, $"&tailLines={tail}");
        }

        if (terms.Since is { } since)
        {
            query.Append("&sinceTime=").Append(Uri.EscapeDataString(since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
        }

        query.Append(terms.Previous ? "&previous=true" : "").Append(terms.Follow ? "&follow=true" : "");
        var path = ClusterKind.Of<k8s.Models.V1Pod>().Path(space, pod, "log") + query;
        var (request, what) = (new HttpRequestMessage(HttpMethod.Get, path), $"read the log of {pod}");
        using var reply = terms.IsGlance ? await api.Sender.GlanceAsync(request, what, cancellation) : await api.Sender.OpenAsync(request, what, cancellation);
        await using var body = await reply.Content.ReadAsStreamAsync(cancellation);
        using var reader = new StreamReader(body, Encoding.UTF8);
        terms.Opened?.Invoke();
        var line = new StringBuilder();
        var buffer = new char[4096];
        while (true)
        {
            var read = await ReadAsync(reader, buffer, cancellation);
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] == '\n')
                {
                    yield return line.ToString().TrimEnd('\r');
                    line.Clear();
                }
                else if (line.Length < MaxLine)
                {
                    line.Append(buffer[i]);
                }
            }

            if (read == 0)
            {
                break;
            }
        }

        if (line.Length > 0)
        {
            yield return line.ToString();
        }
    }

    /// <summary>Sends a request to a port of a pod through the API server. The request's address gives path and query; its own host is not used.</summary>
    /// <returns>What the pod answered, or what the API server says in its place. The caller disposes of it.</returns>
    public static Task<HttpResponseMessage> SendToPodAsync(this ClusterApi api, string space, string pod, int port, HttpRequestMessage request, CancellationToken cancellation)
    {
        var asked = request.RequestUri is { IsAbsoluteUri: true } absolute ? absolute.PathAndQuery : request.RequestUri?.OriginalString ?? "/";

        // Read as an address first, so that no ".." in it leads out of the pod's own part of the API.
        var inside = new Uri(new Uri("http://pod/"), asked.TrimStart('/')).PathAndQuery;
        request.RequestUri = new(ClusterKind.Of<k8s.Models.V1Pod>().Path(space, $"{pod}:{port.ToString(CultureInfo.InvariantCulture)}", "proxy").Replace("%3A", ":", StringComparison.Ordinal) + inside, UriKind.Relative);

        // What a client sent to the dashboard is not for the API server, least of all whom it claims to be there.
        foreach (var name in request.Headers.NonValidated.Select(h => h.Key).Where(IsForTheApi).ToList())
        {
            request.Headers.Remove(name);
        }

        return api.Sender.SendThroughAsync(request, cancellation);
    }

    private static bool IsForTheApi(string header) =>
        header.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || header.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase) || header.StartsWith("X-Remote-", StringComparison.OrdinalIgnoreCase);

    private static async ValueTask<int> ReadAsync(StreamReader reader, char[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadAsync(buffer, cancellation);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            // The pod or the way to it is gone; what was read stands.
            return 0;
        }
    }
}

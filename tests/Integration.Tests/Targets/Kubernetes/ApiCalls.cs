using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>What becomes of a request.</summary>
internal enum ApiFault
{
    /// <summary>A status is answered and nothing is done.</summary>
    Answer,

    /// <summary>It is done, and the connection breaks before the reply.</summary>
    LoseReply,

    /// <summary>The connection breaks before anything is done.</summary>
    Break,

    /// <summary>There is no answer until the client gives up.</summary>
    Hang,
}

/// <summary>A request on its way to the API.</summary>
internal sealed record ApiCall(string Method, string Target)
{
    /// <summary>Whether it opens a watch.</summary>
    public bool IsWatch => Target.Contains("watch=", StringComparison.Ordinal);

    /// <summary>Whether it has a body or an effect.</summary>
    public bool HasEffect => Method is not "GET";

    /// <summary>Whether it changes something of an endpoint. Leases are renewed all the time.</summary>
    public bool IsWrite => HasEffect && !Target.Contains("/leases", StringComparison.Ordinal);
}

/// <summary>One event of a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Line">The event as it came.</param>
/// <param name="Before">The event before it of the same object on the same stream; null for none.</param>
internal sealed record WatchedEvent(string Type, string Line, string? Before)
{
    /// <summary>Reads one and remembers it.</summary>
    public static WatchedEvent Read(string line, Dictionary<string, string> last)
    {
        var node = JsonNode.Parse(line)!;
        var uid = node.Text("object", "metadata", "uid") ?? "";
        var before = uid.Length > 0 ? last.GetValueOrDefault(uid) : null;
        last[uid] = line;
        return new(node.Text("type") ?? "", line, before);
    }
}

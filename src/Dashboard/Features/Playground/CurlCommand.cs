namespace Ops.Dashboard.Features.Playground;

/// <summary>A command line to copy.</summary>
internal sealed record CurlExample(string Title, string Command);

/// <summary>Writes command lines for curl in a POSIX shell. Pure.</summary>
internal static class CurlCommand
{
    /// <summary>A request.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="body">JSON to post, or null for GET.</param>
    /// <param name="withToken">Whether to send the token in the variable <c>TOKEN</c>.</param>
    public static string Build(Uri url, string? body = null, bool withToken = false)
    {
        var parts = new List<string> { $"curl -sS {Quote(url.AbsoluteUri)}" };
        if (withToken)
        {
            parts.Add("-H \"Authorization: Bearer $TOKEN\"");
        }

        if (body is not null)
        {
            parts.Add("-H 'Content-Type: application/json'");
            parts.Add(body.StartsWith('@') ? $"--data-binary {body}" : $"--data-binary {Quote(body)}");
        }

        return string.Join(" \\\n  ", parts);
    }

    /// <summary>The three requests a client begins with.</summary>
    /// <param name="address">The endpoint's address without a slash at its end.</param>
    /// <param name="model">The name it serves, or null while it serves nothing.</param>
    /// <param name="withToken">Whether it asks for a token.</param>
    public static IReadOnlyList<CurlExample> Examples(Uri address, string? model, bool withToken)
    {
        var ready = new CurlExample("Is it ready?", Build(new($"{address.AbsoluteUri}/v2/health/ready"), null, withToken));
        return model is null
            ? [ready]
            :
            [
                ready,
                new("What does it take and give?", Build(new($"{address.AbsoluteUri}/v2/models/{model}"), null, withToken)),
                new("Infer; the playground writes request.json for you", Build(new($"{address.AbsoluteUri}/v2/models/{model}/infer"), "@request.json", withToken)),
            ];
    }

    /// <summary>One word of a POSIX shell, whatever is in it.</summary>
    internal static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

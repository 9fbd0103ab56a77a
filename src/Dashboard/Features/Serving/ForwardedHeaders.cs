using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Ops.Dashboard.Features.Serving;

/// <summary>Which headers pass between client and replica (RFC 9110, 7.6.1: hop-by-hop ones do not).</summary>
internal static class ForwardedHeaders
{
    private static readonly FrozenSet<string> HopByHop = new[]
    {
        HeaderNames.Connection, HeaderNames.KeepAlive, HeaderNames.ProxyAuthenticate, HeaderNames.ProxyAuthorization, HeaderNames.ProxyConnection,
        HeaderNames.TE, HeaderNames.Trailer, HeaderNames.TransferEncoding, HeaderNames.Upgrade,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // What belongs to the dashboard (its cookie, the endpoint's token) is nothing for a model server, and a model server sets no cookies here.
    private static readonly FrozenSet<string> Private = new[]
    {
        HeaderNames.Cookie, HeaderNames.SetCookie, HeaderNames.Authorization, HeaderNames.Host, "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
        HeaderNames.StrictTransportSecurity, HeaderNames.Server,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a header passes, given what the message's Connection header names.</summary>
    public static bool Passes(string name, StringValues connection) =>
        !HopByHop.Contains(name) && !Private.Contains(name)
        && !connection.Any(value => value is not null && value.Split(',').Any(token => token.AsSpan().Trim().Equals(name, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Copies request headers; those about the body go with the body.</summary>
    public static void CopyTo(this IHeaderDictionary from, HttpRequestMessage to)
    {
        var connection = from.Connection;
        foreach (var (name, values) in from)
        {
            if (Passes(name, connection) && !name.StartsWith(':') && !to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                to.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }
    }

    /// <summary>Copies response headers.</summary>
    public static void CopyTo(this HttpResponseMessage from, IHeaderDictionary to)
    {
        var connection = new StringValues([.. from.Headers.Connection]);
        foreach (var (name, values) in from.Headers.NonValidated.Concat(from.Content.Headers.NonValidated))
        {
            if (Passes(name, connection))
            {
                to[name] = values.Count == 1 ? values.ToString() : new StringValues([.. values]);
            }
        }
    }
}

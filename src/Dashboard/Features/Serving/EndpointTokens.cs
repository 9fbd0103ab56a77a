using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Data;

namespace Ops.Dashboard.Features.Serving;

/// <summary>Checks the token of a request against the endpoint's tokens in the registry, through a cache of a few seconds.</summary>
internal sealed class EndpointTokens(IDbContextFactory<RegistryDb> databases, IOptions<ServingOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Known> cache = new();

    /// <summary>The hash under which a token is kept: SHA-256, lower-case hex.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>Whether an <c>Authorization</c> header carries a valid token of the endpoint.</summary>
    public async ValueTask<bool> AllowAsync(Guid endpointId, string? authorization, CancellationToken cancellation)
    {
        const string scheme = "Bearer ";
        if (authorization is null || authorization.Length > 512 || !authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var now = time.GetUtcNow();
        if (!cache.TryGetValue(endpointId, out var known) || known.Until <= now)
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            var hashes = await db.EndpointTokens.AsNoTracking()
                .Where(t => t.EndpointId == endpointId && t.RevokedAt == null)
                .Select(t => t.Hash)
                .ToListAsync(cancellation);
            known = new(hashes.ToHashSet(StringComparer.Ordinal), now.AddSeconds(options.Value.TokenCacheSeconds));
            cache[endpointId] = known;
        }

        // The look-up compares hashes of secrets, so its timing says nothing about a secret.
        return known.Hashes.Contains(HashOf(authorization[scheme.Length..].Trim()));
    }

    /// <summary>Forgets what is cached of an endpoint, so that a new or revoked token counts at once here.</summary>
    public void Forget(Guid endpointId) => cache.TryRemove(endpointId, out _);

    private sealed record Known(HashSet<string> Hashes, DateTimeOffset Until);
}

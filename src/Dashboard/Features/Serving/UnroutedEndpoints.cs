using System.Collections.Frozen;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Ops.Data;

namespace Ops.Dashboard.Features.Serving;

/// <summary>
/// Tells a name that nobody gave from an endpoint that has no route yet, such as in the first moments after a start. Asked only when a route
/// is missing; the registry is read at most once a second, however many wrong names are asked for.
/// </summary>
internal sealed class UnroutedEndpoints(IDbContextFactory<RegistryDb> databases, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim turn = new(1, 1);
    private volatile Known? known;

    /// <summary>Whether the registry may have an endpoint of this name that is not retired: also true while the registry cannot be asked.</summary>
    public async ValueTask<bool> MayExistAsync(string name, CancellationToken cancellation)
    {
        try
        {
            if (known is not { } current || time.GetElapsedTime(current.At) >= Fresh)
            {
                current = await ReadAsync(cancellation);
            }

            return current.Names.Contains(name);
        }
        catch (DbException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private async Task<Known> ReadAsync(CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            if (known is { } current && time.GetElapsedTime(current.At) < Fresh)
            {
                return current;
            }

            await using var db = await databases.CreateDbContextAsync(cancellation);
            var names = await db.Endpoints.AsNoTracking().Where(e => e.RetiredAt == null).Select(e => e.Name).ToListAsync(cancellation);
            var read = new Known(names.ToFrozenSet(StringComparer.Ordinal), time.GetTimestamp());
            known = read;
            return read;
        }
        finally
        {
            turn.Release();
        }
    }

    private sealed record Known(FrozenSet<string> Names, long At);
}

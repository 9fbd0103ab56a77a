using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Access.SignIn;

/// <summary>Slows down guessing before a password is even looked at. Lockout guards the account; this guards the processor and the audit.</summary>
internal sealed class TryLimiter : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly PartitionedRateLimiter<(string Address, string Name)> limiter;

    public TryLimiter(IOptions<AccessOptions> options) => limiter = PartitionedRateLimiter.CreateChained(
        Limiter(options.Value.TriesPerAddress, attempt => attempt.Address),
        Limiter(options.Value.TriesPerName, attempt => $"{attempt.Address}|{attempt.Name}"));

    /// <summary>Whether one more try is allowed now.</summary>
    public bool Allows(string address, string name)
    {
        using var lease = limiter.AttemptAcquire((address, name.ToUpperInvariant()));
        return lease.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose() => limiter.Dispose();

    private static PartitionedRateLimiter<(string Address, string Name)> Limiter(int tries, Func<(string Address, string Name), string> key) =>
        PartitionedRateLimiter.Create<(string Address, string Name), string>(attempt => RateLimitPartition.GetFixedWindowLimiter(
            key(attempt),
            _ => new FixedWindowRateLimiterOptions { PermitLimit = tries, Window = Window, QueueLimit = 0 }));
}

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>How long to wait before a replica is started again: not at all the first time, then 1, 2, 4 ... 30 seconds.</summary>
internal sealed class BackOff
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthyAfter = TimeSpan.FromSeconds(60);

    /// <summary>How often in a row it ended too early.</summary>
    public int Failures { get; private set; }

    /// <summary>Counts an end and says how long to wait.</summary>
    /// <param name="healthyFor">How long the process answered before; a minute of it makes up for all earlier failures.</param>
    public TimeSpan Next(TimeSpan healthyFor)
    {
        Failures = healthyFor >= HealthyAfter ? 1 : Failures + 1;
        if (Failures == 1)
        {
            return TimeSpan.Zero;
        }

        // Six doublings already exceed the cap; counting on would overflow after a few hours.
        var seconds = 1 << Math.Min(Failures - 2, 6);
        return seconds < Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : Longest;
    }
}

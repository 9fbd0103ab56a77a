namespace Ops.Runtime.Fetching;

/// <summary>When a download that broke is tried again, and when no more. One for each download.</summary>
internal sealed class Retries
{
    /// <summary>Attempts in a row that bring next to nothing before it is given up.</summary>
    public const int Attempts = 5;

    // A long download over a bad line goes on for as long as it gets anywhere.
    private const long WorthIt = 1024 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    // Who is asked to stay away for longer is better started anew later than kept waiting.
    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(5);
    private long mark;

    /// <summary>Attempts that have failed in a row.</summary>
    public int Failed { get; private set; }

    /// <summary>Counts a failure.</summary>
    /// <param name="length">How much of the file there is now.</param>
    /// <param name="asked">How long the source asked to wait.</param>
    /// <returns>How long to wait before the next attempt, or null when there is to be none.</returns>
    public TimeSpan? Next(long length, TimeSpan? asked)
    {
        if (length - mark >= WorthIt)
        {
            Failed = 0;
        }

        mark = length;
        if (++Failed >= Attempts || asked > LongestAsked)
        {
            return null;
        }

        // Not all pods of a revision come back at the same moment.
        var wait = Math.Min(Math.Pow(2, Failed - 1), LongestWait.TotalSeconds) * (0.5 + (Random.Shared.NextDouble() / 2));
        return TimeSpan.FromSeconds(Math.Max(wait, asked?.TotalSeconds ?? 0));
    }
}

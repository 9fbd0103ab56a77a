namespace Ops.Runtime.Scheduling;

/// <summary>
/// Whether a model's runs are so short that handing one to another thread costs more than it brings. A model has to show it
/// first, and a few long runs take it back. Races only lose a count.
/// </summary>
internal sealed class RunPace
{
    /// <summary>Runs that a model has to show.</summary>
    public const int Shown = 32;

    private const int Most = 256;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1);
    private int quick;

    /// <summary>Whether the next run will probably be short.</summary>
    public bool IsQuick => Volatile.Read(ref quick) >= Shown;

    /// <summary>Takes note of a run.</summary>
    public void Observe(TimeSpan run)
    {
        var now = Volatile.Read(ref quick);
        if (run >= Short)
        {
            // Halved, not forgotten: a short run that had to wait for a processor looks like a long one.
            Volatile.Write(ref quick, now / 2);
        }
        else if (now < Most)
        {
            Volatile.Write(ref quick, now + 1);
        }
    }
}

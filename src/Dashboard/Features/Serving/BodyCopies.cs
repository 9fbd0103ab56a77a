namespace Ops.Dashboard.Features.Serving;

/// <summary>Copies of bodies that are gathered while they pass, bounded in size and number: they are kept for requests that may have to be sent a second time, or to a second replica.</summary>
internal sealed class BodyCopies
{
    /// <summary>The longest body that is copied, in bytes.</summary>
    public const int Longest = 4 * 1024 * 1024;

    private const int Most = 64;
    private int gathering;

    /// <summary>What a body is gathered in; null when it is too long, or too many are gathered now. Disposing of it makes room for another.</summary>
    /// <param name="length">How long the body is, where that is known.</param>
    public MemoryStream? Begin(long? length)
    {
        if ((length ?? 0) > Longest)
        {
            return null;
        }

        if (Interlocked.Increment(ref gathering) <= Most)
        {
            return new Gathered(this);
        }

        Interlocked.Decrement(ref gathering);
        return null;
    }

    /// <summary>Adds what has passed. A body that turns out to be too long is gathered no further, and <see cref="IsWhole"/> says so.</summary>
    public static void Add(MemoryStream? copy, ReadOnlySpan<byte> passed)
    {
        if (IsWhole(copy))
        {
            copy!.Write(passed);
        }
    }

    /// <summary>Whether everything that has passed so far is in the copy.</summary>
    public static bool IsWhole(MemoryStream? copy) => copy is { Length: <= Longest };

    private sealed class Gathered(BodyCopies owner) : MemoryStream
    {
        private int isDone;

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref isDone, 1) == 0)
            {
                Interlocked.Decrement(ref owner.gathering);
            }

            base.Dispose(disposing);
        }
    }
}

namespace Ops.Runtime.Scheduling;

/// <summary>
/// Requests that wait, by urgency and then by arrival. Only the order and what is taken together; no locks, no clock.
/// </summary>
/// <param name="levels">Levels of urgency.</param>
internal sealed class RequestQueue(int levels)
{
    /// <summary>Looking for company ends after this many requests, so that a long queue of unlike ones stays cheap.</summary>
    private const int MaxLooks = 1024;

    private readonly Level[] byLevel = CreateLevels(levels);
    private int count;

    /// <summary>Requests that wait. Read without the lock too.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>No request's deadline is before this timestamp.</summary>
    public long EarliestDeadline { get; private set; } = long.MaxValue;

    /// <summary>The one that must be in the next run: the first of the most urgent.</summary>
    public PendingRequest? First
    {
        get
        {
            foreach (var level in byLevel)
            {
                if (level.First is { } first)
                {
                    return first;
                }
            }

            return null;
        }
    }

    public void Add(PendingRequest pending)
    {
        var level = byLevel[pending.Level];
        pending.State = PendingState.Waiting;
        pending.Previous = level.Last;
        if (level.Last is { } last)
        {
            last.Next = pending;
        }
        else
        {
            level.First = pending;
        }

        level.Last = pending;
        Volatile.Write(ref count, count + 1);
        EarliestDeadline = Math.Min(EarliestDeadline, pending.Deadline);
    }

    /// <summary>Takes out one that waits.</summary>
    public void Remove(PendingRequest pending)
    {
        var level = byLevel[pending.Level];
        if (pending.Previous is { } previous)
        {
            previous.Next = pending.Next;
        }
        else
        {
            level.First = pending.Next;
        }

        if (pending.Next is { } next)
        {
            next.Previous = pending.Previous;
        }
        else
        {
            level.Last = pending.Previous;
        }

        pending.Previous = pending.Next = null;
        pending.State = PendingState.Held;
        Volatile.Write(ref count, count - 1);
    }

    /// <summary>Takes out what the next run is for: the first one and, where the policy allows, those like it, in order.</summary>
    public void Take(BatchPolicy policy, List<PendingRequest> batch)
    {
        Look(policy, batch);
        foreach (var pending in batch)
        {
            Remove(pending);
        }
    }

    /// <summary>Whether waiting for more would not make the next run any better.</summary>
    /// <param name="policy">How requests are merged.</param>
    /// <param name="scratch">Empty; is left empty.</param>
    public bool IsNextRunFull(BatchPolicy policy, List<PendingRequest> scratch)
    {
        var isFull = Look(policy, scratch);
        var rows = 0L;
        foreach (var pending in scratch)
        {
            rows += pending.Shape.Rows;
        }

        scratch.Clear();
        return isFull || (policy.PreferredBatchSizes is [var smallest, ..] && rows >= smallest);
    }

    /// <summary>Takes out those whose deadline has passed.</summary>
    public void TakeExpired(long now, List<PendingRequest> expired)
    {
        if (now < EarliestDeadline)
        {
            return;
        }

        var earliest = long.MaxValue;
        foreach (var level in byLevel)
        {
            for (var pending = level.First; pending is not null;)
            {
                var next = pending.Next;
                if (pending.Deadline <= now)
                {
                    Remove(pending);
                    expired.Add(pending);
                }
                else
                {
                    earliest = Math.Min(earliest, pending.Deadline);
                }

                pending = next;
            }
        }

        EarliestDeadline = earliest;
    }

    /// <summary>Finds what the next run would be for, without taking it out.</summary>
    /// <returns>Whether nothing more can join it.</returns>
    private bool Look(BatchPolicy policy, List<PendingRequest> batch)
    {
        var head = First!;
        batch.Add(head);
        var (rows, bytes) = head.Shape;
        if (!policy.IsOn || rows == 0 || rows >= policy.MaxBatchSize)
        {
            return true;
        }

        var isFull = Collect(policy, batch, ref rows, ref bytes);
        Trim(policy, batch, rows);
        return isFull;
    }

    private bool Collect(BatchPolicy policy, List<PendingRequest> batch, ref long rows, ref long bytes)
    {
        var head = batch[0];
        var looks = 0;
        foreach (var level in byLevel)
        {
            for (var pending = level.First; pending is not null; pending = pending.Next)
            {
                if (pending == head)
                {
                    continue;
                }

                if (++looks > MaxLooks)
                {
                    return true;
                }

                if (pending.Shape.Rows == 0 || !BatchShape.AreAlike(head.Request, pending.Request))
                {
                    continue;
                }

                // A smaller one behind it must not overtake it, or a stream of small ones would keep it waiting.
                if (rows + pending.Shape.Rows > policy.MaxBatchSize || bytes + pending.Shape.Bytes > BatchShape.MaxBytes)
                {
                    return true;
                }

                rows += pending.Shape.Rows;
                bytes += pending.Shape.Bytes;
                batch.Add(pending);
                if (rows == policy.MaxBatchSize)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Leaves out the last ones where that gives a size that the policy prefers, the largest there is.</summary>
    private static void Trim(BatchPolicy policy, List<PendingRequest> batch, long rows)
    {
        if (policy.PreferredBatchSizes.Length == 0)
        {
            return;
        }

        for (var kept = batch.Count; kept > 0; kept--)
        {
            if (Array.BinarySearch(policy.PreferredBatchSizes, (int)rows) >= 0)
            {
                batch.RemoveRange(kept, batch.Count - kept);
                return;
            }

            rows -= batch[kept - 1].Shape.Rows;
        }
    }

    private static Level[] CreateLevels(int count)
    {
        var levels = new Level[count];
        for (var i = 0; i < count; i++)
        {
            levels[i] = new Level();
        }

        return levels;
    }

    private sealed class Level
    {
        public PendingRequest? First;
        public PendingRequest? Last;
    }
}
